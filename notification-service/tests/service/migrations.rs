use notification_service::NotificationService;
use service_runtime::testing::revert_and_reapply_migrations;

const ROWS: &str = "
    INSERT INTO preferences (user_id) VALUES ('alice');
    INSERT INTO watched_tasks VALUES
        ('alice', '01939d2c-0000-7000-8000-000000000001', 1, 'Water the plants', now(), current_date, '', true, false, false, '[]', now());
    INSERT INTO reminders (user_id, id, task_id, setting, fire_time, state, version, title, time_zone) VALUES
        ('alice', '01939d2c-0000-7000-8000-000000000002', '01939d2c-0000-7000-8000-000000000001', 'default', now(),
         'sent', 2, 'Water the plants', '');
    INSERT INTO deliveries (user_id, reminder_id, channel, state, attempt_count, message_id) VALUES
        ('alice', '01939d2c-0000-7000-8000-000000000002', 'in_app', 'sent', 1, '');";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn migrations_revert_and_reapply_over_rows() {
    revert_and_reapply_migrations::<NotificationService>(ROWS).await;
}
