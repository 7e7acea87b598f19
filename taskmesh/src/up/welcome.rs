use std::{env, path::Path};

use super::addresses::Addresses;

/// Returns what a newcomer needs: addresses, a token, and commands that work when they are pasted.
pub fn text(addresses: &Addresses, data_folder: &Path) -> String {
    let Addresses {
        http,
        task,
        recurrence,
        notification,
        realtime,
        audit,
        gateway_admin,
        kafka,
        smtp,
        token,
        user,
        ..
    } = addresses;
    let program = program();
    let folder = data_folder.display();
    let host = task.trim_start_matches("http://");
    format!(
        r#"
Taskmesh is running. Ctrl-C stops it; its data stays in {folder}

  Start page      {http}/
  JSON            {http}/v1/tasks        MCP    {http}/mcp
  OpenAPI         {http}/openapi.json    metrics  {gateway_admin}/metrics
  gRPC            task {task}, recurrence {recurrence}, notification {notification},
                  realtime {realtime}, audit {audit}
  Kafka           {kafka}                SMTP   {smtp}

  In another terminal, as user {user} (the token is valid for 30 days):

TOKEN='{token}'

  # Add a task that repeats every day, and list the tasks
curl -s {http}/v1/tasks -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \
  -d '{{"title": "Water the plants", "due_time": "2030-01-01T09:00:00+01:00", "time_zone": "Europe/Berlin", "recurrence_rule": "FREQ=DAILY"}}'
curl -s {http}/v1/tasks -H "Authorization: Bearer $TOKEN"

  # Complete the first one: the next occurrence appears in the list
TASK=$(curl -s {http}/v1/tasks -H "Authorization: Bearer $TOKEN" | grep -o '"id":"[^"]*"' | head -n 1 | cut -d '"' -f 4)
curl -s {http}/v1/tasks/$TASK:complete -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -d '{{}}'

  # The same over gRPC
grpcurl -plaintext -H "authorization: Bearer $TOKEN" {host} taskmesh.task.v1.TaskService/ListTasks

  # The events, and the mail that reminders send
kcat -b {kafka} -C -t task-events -e -f '%h\n'
{program} mail list --data-dir '{folder}'

  # A token for another user
{program} token --user bob --data-dir '{folder}'
"#
    )
}

/// Returns how this program was called, or its path where that would not work from another folder.
fn program() -> String {
    env::current_exe().map_or_else(|_| "taskmesh".to_owned(), |path| path.display().to_string())
}
