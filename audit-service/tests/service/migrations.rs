use audit_service::AuditService;
use service_runtime::testing::undo_and_redo_migrations;

const ROWS: &str = "
    SELECT add_month('2026-12-01');
    INSERT INTO records VALUES
        ('alice', 1, '2026-12-01', '01939d2c-0000-7000-8000-000000000001', 'task.created', '', now(), NULL, NULL, 1,
         'alice', '', '', '', '', '', '[]', '', '', decode(repeat('00', 32), 'hex'), decode(repeat('01', 32), 'hex'));
    INSERT INTO chain_heads (user_id, sequence) VALUES ('alice', 1);
    INSERT INTO checkpoints VALUES (1, '01939d2c-0000-7000-8000-000000000002', now(), '', '', 1, 1, NULL, '', '');
    INSERT INTO checkpoint_leaves VALUES ('alice', 1, '2026-12-01', '', 1);";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_migration_can_be_undone_and_done_again_over_rows() {
    let tables = &["records", "chain_heads", "checkpoints", "checkpoint_leaves"];
    undo_and_redo_migrations::<AuditService>(ROWS, tables).await;
}
