#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| service_runtime::fuzzing::framing(input));
