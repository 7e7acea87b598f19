#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| task_service::fuzzing::filter(text));
