use notification_service::NotificationService;
use service_runtime::testing::undo_and_redo_migrations;

const ROWS: &str = "
    INSERT INTO preferences (user_id) VALUES ('alice');
    INSERT INTO watched_tasks VALUES
        ('alice', '01939d2c-0000-7000-8000-000000000001', 1, 'Water the plants', now(), '', true, false, false, '[]', now());
    UPDATE watched_tasks SET due_time = now(), due_date = current_date;
    INSERT INTO reminders (user_id, id, task_id, setting, fire_time, state, version, title, time_zone) VALUES
        ('alice', '01939d2c-0000-7000-8000-000000000002', '01939d2c-0000-7000-8000-000000000001', 'default', now(),
         'sent', 2, 'Water the plants', '');
    INSERT INTO deliveries (user_id, reminder_id, channel, state, attempt_count, message_id) VALUES
        ('alice', '01939d2c-0000-7000-8000-000000000002', 'in_app', 'sent', 1, '');";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_migration_can_be_undone_and_done_again_over_rows() {
    let tables = &["preferences", "watched_tasks", "reminders", "deliveries"];
    undo_and_redo_migrations::<NotificationService>(ROWS, tables).await;
}
