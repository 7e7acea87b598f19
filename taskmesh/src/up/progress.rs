//! What the mesh is doing while it starts, on standard error.

use std::{
    fmt::Display,
    io::{self, IsTerminal, Write},
    time::Instant,
};

/// Does one step: says what it is before, and how long it took after.
pub async fn step<T, E>(
    what: impl Display,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let begin = Instant::now();
    // On a terminal the outcome joins its line; in a file each line is whole when it is written.
    let terminal = io::stderr().is_terminal();
    if terminal {
        eprint!("  {what} …");
        // Progress that cannot be shown is no reason not to start.
        let _ = io::stderr().flush();
    } else {
        eprintln!("  {what} …");
    }
    let result = work.await;
    let outcome = match &result {
        Ok(_) => format!("{:.1} s", begin.elapsed().as_secs_f64()),
        Err(_) => "failed".to_owned(),
    };
    if terminal {
        eprintln!(" {outcome}");
    } else {
        eprintln!("  {what}: {outcome}");
    }
    result
}
