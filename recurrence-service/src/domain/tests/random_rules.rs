//! Random rules, all of them right, most of them odd.

use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;

const WEEKDAYS: [&str; 7] = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];

/// Returns the text of a rule that the parser accepts; it may still be one that never happens.
pub(super) fn random_rule(rng: &mut StdRng) -> String {
    let frequency = *["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]
        .choose(rng)
        .unwrap();
    let mut parts = vec![format!("FREQ={frequency}")];
    let mut add =
        |name: &str, values: Vec<String>| parts.push(format!("{name}={}", values.join(",")));

    if rng.random_bool(0.5) {
        let most = if rng.random_bool(0.9) { 5 } else { 40 };
        add("INTERVAL", vec![rng.random_range(1..=most).to_string()]);
    }
    match rng.random_range(0..6) {
        0 => add("COUNT", vec![rng.random_range(1..=40).to_string()]),
        1 => add("UNTIL", vec![random_until(rng)]),
        _ => {}
    }
    if rng.random_bool(0.3) {
        add("WKST", vec![WEEKDAYS.choose(rng).unwrap().to_string()]);
    }
    let mut positions_allowed = false;
    if rng.random_bool(0.25) {
        add(
            "BYMONTH",
            some(rng, |rng| rng.random_range(1..=12).to_string()),
        );
        positions_allowed = true;
    }
    let weeks = frequency == "YEARLY" && rng.random_bool(0.2);
    if weeks {
        add("BYWEEKNO", some(rng, |rng| signed(rng, 53)));
        positions_allowed = true;
    }
    if frequency == "YEARLY" && rng.random_bool(0.15) {
        add("BYYEARDAY", some(rng, |rng| signed(rng, 366)));
        positions_allowed = true;
    }
    if frequency != "WEEKLY" && rng.random_bool(0.3) {
        add("BYMONTHDAY", some(rng, |rng| signed(rng, 31)));
        positions_allowed = true;
    }
    if rng.random_bool(0.5) {
        let most = match frequency {
            "MONTHLY" => 5,
            "YEARLY" if !weeks => 53,
            _ => 0,
        };
        add("BYDAY", some(rng, |rng| random_day(rng, most)));
        positions_allowed = true;
    }
    for (name, most, chance) in [
        ("BYHOUR", 23, 0.2),
        ("BYMINUTE", 59, 0.1),
        ("BYSECOND", 59, 0.05),
    ] {
        if rng.random_bool(chance) {
            let count = rng.random_range(1..=2);
            let values = (0..count).map(|_| rng.random_range(0..=most).to_string());
            add(name, values.collect());
            positions_allowed = true;
        }
    }
    if positions_allowed && rng.random_bool(0.25) {
        add("BYSETPOS", some(rng, |rng| signed(rng, 6)));
    }
    parts.join(";")
}

fn random_day(rng: &mut StdRng, most: i32) -> String {
    let weekday = *WEEKDAYS.choose(rng).unwrap();
    // Up to 5, so that a number within a month is often one that exists.
    let most = if rng.random_bool(0.7) {
        most.min(5)
    } else {
        most
    };
    if most == 0 || rng.random_bool(0.5) {
        return weekday.to_owned();
    }
    format!("{}{weekday}", signed(rng, most))
}

fn random_until(rng: &mut StdRng) -> String {
    let date = format!(
        "{}{:02}{:02}",
        rng.random_range(2000..2040),
        rng.random_range(1..=12),
        rng.random_range(1..=28)
    );
    let time = *["", "T000000", "T093000Z", "T235959"].choose(rng).unwrap();
    format!("{date}{time}")
}

fn some(rng: &mut StdRng, value: impl Fn(&mut StdRng) -> String) -> Vec<String> {
    let count = rng.random_range(1..=3);
    (0..count).map(|_| value(rng)).collect()
}

fn signed(rng: &mut StdRng, most: i32) -> String {
    let number = rng.random_range(1..=most);
    if rng.random_bool(0.3) {
        format!("-{number}")
    } else {
        number.to_string()
    }
}
