use std::{
    io::{self, BufRead, Read},
    num::NonZero,
    sync::mpsc::sync_channel,
    thread::{self, available_parallelism},
};

/// So many bytes, to the end of a line, are handed to a core at once.
const SHARE: usize = 256 * 1024;
/// A longer line was not written by the service, and is not kept in memory.
const LONGEST_LINE: u64 = 64 * 1024 * 1024;
/// So many shares may wait before each core, and as many results behind it.
const WAITING: usize = 4;

/// Reads lines, works on them on all cores, and takes the results in the order of the lines, which are numbered from 1 on. The end of the
/// line is a part of it; the last one may have none.
pub fn for_each<T: Send>(
    mut input: impl BufRead + Send,
    work: impl Fn(&[u8]) -> T + Sync,
    mut take: impl FnMut(u64, T),
) -> io::Result<()> {
    let cores = available_parallelism().map_or(1, NonZero::get);
    thread::scope(|scope| {
        let mut shares = Vec::new();
        let mut results = Vec::new();
        for _ in 0..cores {
            let (share, to_work_on) = sync_channel::<Vec<u8>>(WAITING);
            let (done, result) = sync_channel::<Vec<T>>(WAITING);
            shares.push(share);
            results.push(result);
            let work = &work;
            scope.spawn(move || {
                for share in to_work_on {
                    let lines = share.split_inclusive(|byte| *byte == b'\n');
                    if done.send(lines.map(work).collect()).is_err() {
                        break;
                    }
                }
            });
        }
        // In turn, so that the results come back in turn.
        let reader = scope.spawn(move || {
            for core in shares.iter().cycle() {
                let share = read(&mut input)?;
                if share.is_empty() || core.send(share).is_err() {
                    break;
                }
            }
            Ok(())
        });
        let mut number = 0;
        for core in results.iter().cycle() {
            // Who has no result in his turn gets no more shares, and neither does anybody after him.
            let Ok(done) = core.recv() else { break };
            for result in done {
                number += 1;
                take(number, result);
            }
        }
        reader
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// Reads whole lines; nothing at the end.
fn read(input: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut share = Vec::with_capacity(SHARE + SHARE / 4);
    while share.len() < SHARE {
        let before = share.len();
        let length = input
            .by_ref()
            .take(LONGEST_LINE)
            .read_until(b'\n', &mut share)?;
        if length == 0 {
            break;
        }
        if u64::try_from(share.len() - before) == Ok(LONGEST_LINE) && !share.ends_with(b"\n") {
            return Err(io::Error::other("a line is longer than 64 MiB"));
        }
    }
    Ok(share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_lines_whichever_core_was_first() {
        let lines = 200_000_u64;
        let text: String = (1..=lines).map(|number| format!("{number}\n")).collect();
        let mut expected = 0;
        let parse = |line: &[u8]| -> u64 {
            let text = std::str::from_utf8(line).unwrap();
            text.trim_end().parse().unwrap()
        };
        for_each(text.as_bytes(), parse, |number, read| {
            expected += 1;
            assert_eq!((number, read), (expected, expected));
        })
        .unwrap();
        assert_eq!(expected, lines);
    }

    #[test]
    fn a_last_line_without_an_end_and_empty_lines_count() {
        let mut lengths = Vec::new();
        for_each(&b"a\n\nbc"[..], <[u8]>::len, |number, length| {
            lengths.push((number, length));
        })
        .unwrap();
        assert_eq!(lengths, [(1, 2), (2, 1), (3, 2)]);
        for_each(&b""[..], <[u8]>::len, |_, _| panic!("there is no line")).unwrap();
    }
}
