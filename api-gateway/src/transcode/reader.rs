use std::sync::Arc;

use service_runtime::suggestion::did_you_mean;
use taskmesh_proto::common::v1::Redirect;

use super::{
    Reading,
    json::Limits,
    place::Place,
    scalar::{Given, put_value},
    update_mask::{check_mask, is_written, mask_in, put_mask, refuse_blank},
    violation::{Violations, within},
    wire::put_key,
};
use crate::catalog::{Dialect, FieldPlan, MessagePlan, Plans};

/// Result of reading a value.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Read {
    /// It means that the field is not given.
    pub(super) is_absent: bool,
    /// It is an empty string or an empty list.
    pub(super) is_blank: bool,
    /// It is part of the message.
    pub(super) is_set: bool,
}

/// A field that an object names, and how its value was read.
pub(super) type Named<'a> = (&'a FieldPlan, Read);

/// Reads JSON values into a message on the wire and notes every violation, with the full path of its field.
pub(super) struct Reader<'a> {
    pub(super) plans: &'a Plans,
    pub(super) dialect: Dialect,
    /// What to do instead of giving an argument that is not known.
    pub(super) redirects: &'a [Redirect],
    pub(super) violations: Violations,
    pub(super) message: Vec<u8>,
    /// Fields that the body, or the message that is the body, names.
    pub(super) named: Vec<Named<'a>>,
    pub(super) limits: Limits,
}

impl<'a> Reader<'a> {
    /// Creates a reader of an empty message.
    pub(super) fn new(plans: &'a Plans, dialect: Dialect) -> Self {
        Self {
            plans,
            dialect,
            redirects: &[],
            violations: Violations::default(),
            message: Vec::new(),
            named: Vec::new(),
            limits: Limits::default(),
        }
    }

    /// Returns the message with the violations.
    pub(super) fn finish(self) -> Reading {
        Reading {
            message: self.message,
            violations: self.violations.0,
        }
    }

    /// Tells whether a caller may name a field here. Tools derive masks, are not offered what is hidden from them, and
    /// steer whole calls only.
    pub(super) fn is_offered(&self, field: &FieldPlan, place: &Place<'_>) -> bool {
        let only_whole = field.call_control || field.is_mask;
        match self.dialect {
            Dialect::Http => true,
            Dialect::Tool => !field.tool_hidden && (place.is_request() || !only_whole),
        }
    }

    pub(super) fn unknown(&mut self, plan: &MessagePlan, name: &str, place: &Place<'_>) {
        if self.violations.is_full() {
            return;
        }
        let inner = Place::Field(place, name, name);
        let mut redirects = self.redirects.iter();
        if let Some(redirect) = redirects.find(|redirect| is_about(redirect, name)) {
            let description = format!("is not accepted by this tool; {}", redirect.hint);
            return self.refuse(&inner, description);
        }
        let is_named = |field: &&Arc<FieldPlan>| {
            let is_derived = self.dialect == Dialect::Tool && field.is_mask;
            !field.output_only && self.is_offered(field, place) && !is_derived
        };
        let fields = plan.fields.iter().filter(is_named);
        let names: Vec<&str> = fields.map(|field| field.name.as_str()).collect();
        let hint = did_you_mean(name, names.iter().copied());
        let hint = match hint.is_empty() && !names.is_empty() {
            true => format!("; known are {}", names.join(", ")),
            false => hint,
        };
        self.refuse(&inner, format!("is not a known field{hint}"));
    }

    pub(super) fn refuse(&mut self, place: &Place<'_>, description: impl Into<String>) {
        if !self.violations.is_full() {
            self.violations.add(place.in_request(), description);
        }
    }

    /// Appends a value of a field.
    pub(super) fn put(&mut self, field: &FieldPlan, given: Given<'_>) -> Result<(), String> {
        let begin = self.message.len();
        put_key(&mut self.message, field.number, field.kind.wire_type());
        let put = put_value(&mut self.message, &field.kind, given, self.dialect);
        put.inspect_err(|_| self.message.truncate(begin))
    }

    /// Gives an update that is an item of a batch its mask: the fields that are present in the item. What is required says which
    /// thing is meant, as the path does where an update stands alone.
    pub(super) fn mask_item(
        &mut self,
        plan: &MessagePlan,
        named: &[Named<'_>],
        begin: usize,
        place: &Place<'_>,
    ) {
        let Some(mask) = &plan.update_mask else {
            return;
        };
        if let Some(paths) = mask_in(&self.message[begin..], mask) {
            return check_mask(
                &paths,
                mask,
                plan,
                &place.in_request(),
                &mut self.violations,
            );
        }
        let mut names = Vec::new();
        for (field, read) in named {
            if !is_written(None, field) || field.required {
                continue;
            }
            if self.dialect == Dialect::Tool && read.is_blank {
                let path = within(&place.in_request(), &field.name);
                refuse_blank(&mut self.violations, field, false, path);
            } else if self.dialect == Dialect::Http || !read.is_absent {
                // Over HTTP, null empties the field.
                names.push(field.name.clone());
            }
        }
        put_mask(&mut self.message, mask, names);
    }
}

/// Reports whether a redirect is for an argument of this name, whatever its spelling.
fn is_about(redirect: &Redirect, argument: &str) -> bool {
    let plain = |name: &str| name.replace(['_', '-'], "").to_lowercase();
    let argument = plain(argument);
    let mut arguments = redirect.arguments.iter();
    arguments.any(|name| plain(name) == argument)
}
