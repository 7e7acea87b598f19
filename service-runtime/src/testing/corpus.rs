use std::{fs, path::Path};

/// Returns the inputs that are kept for a fuzz target, by the folder of the crate that asks.
pub fn corpus(crate_folder: &str, target: &str) -> impl Iterator<Item = Vec<u8>> {
    let folder = Path::new(crate_folder).join("../fuzz/corpus").join(target);
    let files: Vec<_> = fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|file| file.expect("the folder can be listed").path())
        .collect();
    assert!(!files.is_empty(), "{} is empty", folder.display());
    files
        .into_iter()
        .map(|file| fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display())))
}

/// Returns those of the inputs that are texts.
pub fn corpus_of_texts(crate_folder: &str, target: &str) -> impl Iterator<Item = String> {
    corpus(crate_folder, target).filter_map(|input| String::from_utf8(input).ok())
}
