#![no_main]

libfuzzer_sys::fuzz_target!(|file: &[u8]| task_service::fuzzing::import(file));
