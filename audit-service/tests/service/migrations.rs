use audit_service::AuditService;
use service_runtime::testing::revert_and_reapply_migrations;

const ROWS: &str = "
    SELECT add_month('2026-12-01');
    INSERT INTO records VALUES
        ('alice', 1, '2026-12-01', '01939d2c-0000-7000-8000-000000000001', 'task.created', '', now(), NULL, NULL, 1,
         'alice', '', '', '', '', '', '[]', '', '', decode(repeat('00', 32), 'hex'), decode(repeat('01', 32), 'hex'));
    INSERT INTO chain_heads (user_id, sequence) VALUES ('alice', 1);
    INSERT INTO checkpoints VALUES (1, '01939d2c-0000-7000-8000-000000000002', now(), '', '', 1, 1, NULL, '', '');
    INSERT INTO checkpoint_leaves VALUES ('alice', 1, '2026-12-01', '', 1);";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn migrations_revert_and_reapply_over_rows() {
    revert_and_reapply_migrations::<AuditService>(ROWS).await;
}
