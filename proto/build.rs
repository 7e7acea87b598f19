//! Compiles the contract with protox (no `protoc` needed): the Rust types and services, and the descriptor set with
//! comments and custom options that reflection and the gateway read.

use std::{env, fs, io::Result, path::PathBuf};

use prost_types::FileDescriptorSet;

const FILES: &[&str] = &[
    "taskmesh/common/v1/actor.proto",
    "taskmesh/common/v1/options.proto",
    "taskmesh/task/v1/task.proto",
    "taskmesh/task/v1/task_event.proto",
    "taskmesh/task/v1/task_service.proto",
    "taskmesh/task/v1/category_service.proto",
    "taskmesh/task/v1/tag_service.proto",
    "taskmesh/task/v1/saved_filter_service.proto",
    "taskmesh/task/v1/settings_service.proto",
    "taskmesh/recurrence/v1/recurrence_service.proto",
    "taskmesh/notification/v1/preferences.proto",
    "taskmesh/notification/v1/reminder.proto",
    "taskmesh/notification/v1/reminder_event.proto",
    "taskmesh/notification/v1/notification_service.proto",
    "taskmesh/audit/v1/audit_record.proto",
    "taskmesh/audit/v1/checkpoint.proto",
    "taskmesh/audit/v1/audit_service.proto",
    "taskmesh/realtime/v1/task_change.proto",
    "taskmesh/realtime/v1/realtime_service.proto",
    "taskmesh/admin/v1/dead_letters.proto",
];

fn main() -> Result<()> {
    println!("cargo:rerun-if-changed=taskmesh");
    println!("cargo:rerun-if-changed=google");
    println!("cargo:rerun-if-changed=buf");

    let mut compiler = protox::Compiler::new(["."]).map_err(std::io::Error::other)?;
    compiler.include_imports(true).include_source_info(true);
    compiler.open_files(FILES).map_err(std::io::Error::other)?;

    let out = PathBuf::from(env::var("OUT_DIR").expect("cargo sets OUT_DIR"));
    // Encoded by protox itself, because prost-types would drop the custom options.
    fs::write(
        out.join("descriptor_set.bin"),
        compiler.encode_file_descriptor_set(),
    )?;

    let files = compiler.file_descriptor_set();
    fs::write(out.join("sources.rs"), sources(&files))?;
    tonic_prost_build::configure()
        .build_transport(false)
        .compile_well_known_types(false)
        .codec_path("crate::codec::MessageCodec")
        // Much larger than the other things that a message may tell.
        .boxed(".taskmesh.realtime.v1.WatchResponse.event.change")
        .include_file("modules.rs")
        .compile_fds(files)
}

/// Lists the files of this folder with their texts; protobuf's own are part of every tool.
fn sources(files: &FileDescriptorSet) -> String {
    let names = files.file.iter().map(|file| file.name());
    let sources = names
        .filter(|name| !name.starts_with("google/protobuf/"))
        .map(|name| {
            format!(
                "SourceFile {{ name: {name:?}, text: include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/{name}\")) }},"
            )
        });
    format!("&[{}]", sources.collect::<String>())
}
