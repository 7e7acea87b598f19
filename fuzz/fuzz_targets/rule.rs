#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| recurrence_service::fuzzing::rule(text));
