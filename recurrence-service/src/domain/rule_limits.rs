//! Checks of combinations of parts.

use std::collections::BTreeSet;

use super::{Frequency, Parts, RuleError, rule_error::MAX_TIMES_A_DAY};

/// Refuses combinations that RFC 5545 forbids or gives no meaning to.
pub(super) fn check(parts: &Parts) -> Result<(), RuleError> {
    let yearly = parts.frequency == Frequency::Yearly;
    if !parts.week_numbers.is_empty() && !yearly {
        return Err(wrong(
            "BYWEEKNO",
            parts,
            "use FREQ=YEARLY or remove BYWEEKNO",
        ));
    }
    if !parts.year_days.is_empty() && !yearly {
        return Err(wrong(
            "BYYEARDAY",
            parts,
            "use FREQ=YEARLY or remove BYYEARDAY",
        ));
    }
    if !parts.month_days.is_empty() && parts.frequency == Frequency::Weekly {
        return Err(wrong(
            "BYMONTHDAY",
            parts,
            "use FREQ=MONTHLY or remove BYMONTHDAY",
        ));
    }
    check_numbered_days(parts)?;
    check_times(parts)?;
    check_positions(parts)
}

fn check_times(parts: &Parts) -> Result<(), RuleError> {
    let times: usize = [&parts.hours, &parts.minutes, &parts.seconds]
        .map(|values| values.iter().collect::<BTreeSet<_>>().len().max(1))
        .into_iter()
        .product();
    if times > MAX_TIMES_A_DAY {
        return Err(RuleError::TooManyTimes(times));
    }
    Ok(())
}

fn check_numbered_days(parts: &Parts) -> Result<(), RuleError> {
    let Some(greatest) = parts
        .days
        .iter()
        .filter_map(|day| Some(day.nth?.abs()))
        .max()
    else {
        return Ok(());
    };
    match parts.frequency {
        Frequency::Daily | Frequency::Weekly => Err(wrong(
            "BYDAY with a number",
            parts,
            "remove the number, or use FREQ=MONTHLY or YEARLY",
        )),
        Frequency::Monthly if greatest > 5 => Err(RuleError::WrongNumber {
            part: "BYDAY",
            value: greatest.to_string(),
            allowed: "numbers from 1 to 5, or from -1 to -5 to count from the end of the month"
                .to_owned(),
        }),
        Frequency::Yearly if !parts.week_numbers.is_empty() => Err(RuleError::NumberedDayInWeek),
        Frequency::Monthly | Frequency::Yearly => Ok(()),
    }
}

fn check_positions(parts: &Parts) -> Result<(), RuleError> {
    let nothing_to_choose_from = parts.months.is_empty()
        && parts.week_numbers.is_empty()
        && parts.year_days.is_empty()
        && parts.month_days.is_empty()
        && parts.days.is_empty()
        && parts.hours.is_empty()
        && parts.minutes.is_empty()
        && parts.seconds.is_empty();
    if !parts.positions.is_empty() && nothing_to_choose_from {
        return Err(RuleError::PositionsOfNothing);
    }
    Ok(())
}

fn wrong(part: &'static str, parts: &Parts, cure: &'static str) -> RuleError {
    RuleError::WrongFrequency {
        part,
        frequency: parts.frequency,
        cure,
    }
}
