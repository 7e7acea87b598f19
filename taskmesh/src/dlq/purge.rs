use service_runtime::{
    BoxError,
    dead_letters::{Choice, DeadLetterOffice},
};

use super::format::letters;

/// Deletes letters, or tells what it would delete.
pub async fn run(
    office: &DeadLetterOffice,
    choice: Choice,
    is_confirmed: bool,
) -> Result<(), BoxError> {
    let purged = office.purge(choice, !is_confirmed).await?;
    match is_confirmed {
        true => println!("deleted {}", letters(purged.deleted)),
        false => println!(
            "would delete {}; add --yes to delete",
            letters(purged.deleted)
        ),
    }
    if purged.kept > 0 {
        println!(
            "kept {}: older ones of the same partitions were not selected",
            letters(purged.kept)
        );
    }
    Ok(())
}
