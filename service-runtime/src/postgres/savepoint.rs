use diesel_async::{AnsiTransactionManager, AsyncPgConnection, TransactionManager};

use super::DatabaseError;

/// Sets a savepoint in a transaction.
pub async fn set_savepoint(tx: &mut AsyncPgConnection) -> Result<(), DatabaseError> {
    Ok(AnsiTransactionManager::begin_transaction(tx).await?)
}

/// Undoes what was done since the last savepoint, and removes it.
pub async fn rollback_to_savepoint(tx: &mut AsyncPgConnection) -> Result<(), DatabaseError> {
    Ok(AnsiTransactionManager::rollback_transaction(tx).await?)
}

/// Keeps what was done since the last savepoint, and removes it.
pub async fn release_savepoint(tx: &mut AsyncPgConnection) -> Result<(), DatabaseError> {
    Ok(AnsiTransactionManager::commit_transaction(tx).await?)
}
