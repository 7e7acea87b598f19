use std::{path::Path, sync::LazyLock};

use api_gateway::catalog::{Binding, Catalog, CatalogError, Rpc};

/// A contract with everything that the real one does not use.
pub static LIBRARY: LazyLock<Catalog> = LazyLock::new(library);

/// The contract of Taskmesh.
pub static CONTRACT: LazyLock<Catalog> =
    LazyLock::new(|| Catalog::read(taskmesh_proto::FILE_DESCRIPTOR_SET).unwrap());

/// Reads the contract of the library.
pub fn library() -> Catalog {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixture/library.proto");
    catalog_of(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Reads a contract from the text of one file.
pub fn catalog_of(proto: &str) -> Result<Catalog, CatalogError> {
    let folder = std::env::temp_dir().join(format!("fixture-{:x}", hash(proto)));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("fixture.proto"), proto).unwrap();
    let contract = Path::new(env!("CARGO_MANIFEST_DIR")).join("../proto");
    let mut compiler = protox::Compiler::new([&folder, &contract]).unwrap();
    compiler.include_imports(true).include_source_info(true);
    compiler.open_files(["fixture.proto"]).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    Catalog::read(&compiler.encode_file_descriptor_set())
}

fn hash(text: &str) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    (text, std::process::id(), std::thread::current().id()).hash(&mut hasher);
    hasher.finish()
}

/// Finds an RPC by its name.
pub fn rpc<'a>(catalog: &'a Catalog, name: &str) -> &'a Rpc {
    catalog
        .rpcs
        .iter()
        .find(|rpc| rpc.method.name() == name)
        .unwrap()
}

/// Finds the main route of an RPC.
pub fn binding<'a>(catalog: &'a Catalog, name: &str) -> &'a Binding {
    &rpc(catalog, name).bindings[0]
}
