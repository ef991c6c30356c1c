//! Typed access to the values of another tool's rule file, each with the line it stands on, so that every
//! refusal and every note can say where.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::RuleNote;
use super::rule::printable;
use crate::error::{RuleError, RuleErrorCode};

/// A value with its line.
pub(super) type Text = (String, usize);

/// One table of a rule or of an allowlist, and where messages say it is.
#[derive(Clone, Copy)]
pub(super) struct Part<'t> {
    pub(super) table: &'t DeTable<'t>,
    pub(super) rule: &'t str,
    pub(super) line: usize,
}

/// A file's name and lines, and what there is to say of it.
pub(super) struct Located {
    pub(super) file: String,
    /// Offsets of the line ends.
    lines: Vec<usize>,
    pub(super) notes: Vec<RuleNote>,
}

impl Located {
    pub(super) fn new(text: &str, file: &str) -> Self {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let lines = ends.map(|(at, _)| at).collect();
        Self { file: printable(file), lines, notes: Vec::new() }
    }

    pub(super) fn line(&self, offset: usize) -> usize {
        1 + self.lines.partition_point(|&end| end < offset)
    }

    pub(super) fn refuse(
        &self,
        code: RuleErrorCode,
        line: usize,
        rule: &str,
        why: String,
    ) -> RuleError {
        RuleError { code, file: self.file.clone(), line, rule: printable(rule), why }
    }

    pub(super) fn invalid(&self, line: usize, rule: &str, why: String) -> RuleError {
        self.refuse(RuleErrorCode::Invalid, line, rule, why)
    }

    pub(super) fn note(&mut self, line: usize, rule: &str, what: String) {
        let (file, rule) = (self.file.clone(), printable(rule));
        let note = RuleNote { file, line, rule, what };
        if self.notes.last() != Some(&note) {
            self.notes.push(note);
        }
    }

    pub(super) fn wrong(
        &self,
        part: Part<'_>,
        key: &str,
        value: &Spanned<DeValue<'_>>,
        what: &str,
    ) -> RuleError {
        let why = format!("`{key}` is {what}");
        self.invalid(self.line(value.span().start), part.rule, why)
    }

    pub(super) fn table<'t>(
        &self,
        value: &'t Spanned<DeValue<'t>>,
        rule: &'t str,
    ) -> Result<Part<'t>, RuleError> {
        let line = self.line(value.span().start);
        match value.get_ref().as_table() {
            Some(table) => Ok(Part { table, rule, line }),
            None => Err(self.invalid(line, rule, "a table is expected here".to_owned())),
        }
    }

    pub(super) fn array<'t>(
        &self,
        part: Part<'t>,
        key: &str,
    ) -> Result<&'t [Spanned<DeValue<'t>>], RuleError> {
        let Some(value) = part.table.get(key) else {
            return Ok(&[]);
        };
        let array = value.get_ref().as_array();
        array.map(|array| &**array).ok_or_else(|| self.wrong(part, key, value, "a list"))
    }

    /// Older files write one table where newer ones write several.
    pub(super) fn one_or_many<'t>(
        &self,
        part: Part<'t>,
        key: &str,
    ) -> Result<Vec<&'t Spanned<DeValue<'t>>>, RuleError> {
        match part.table.get(key) {
            Some(value) if value.get_ref().is_table() => Ok(vec![value]),
            _ => Ok(self.array(part, key)?.iter().collect()),
        }
    }

    pub(super) fn string(&self, part: Part<'_>, key: &str) -> Result<Option<Text>, RuleError> {
        let Some(value) = part.table.get(key) else {
            return Ok(None);
        };
        match value.get_ref().as_str() {
            Some(text) => Ok(Some((text.to_owned(), self.line(value.span().start)))),
            None => Err(self.wrong(part, key, value, "text")),
        }
    }

    pub(super) fn strings(&self, part: Part<'_>, key: &str) -> Result<Vec<Text>, RuleError> {
        let mut out = Vec::new();
        for value in self.array(part, key)? {
            let line = self.line(value.span().start);
            match value.get_ref().as_str() {
                Some(text) => out.push((text.to_owned(), line)),
                None => return Err(self.wrong(part, key, value, "a list of texts")),
            }
        }
        Ok(out)
    }

    pub(super) fn number(
        &self,
        part: Part<'_>,
        key: &str,
    ) -> Result<Option<(f64, usize)>, RuleError> {
        let Some(value) = part.table.get(key) else {
            return Ok(None);
        };
        let text = match value.get_ref() {
            DeValue::Float(float) => float.as_str(),
            DeValue::Integer(integer) if integer.radix() == 10 => integer.as_str(),
            _ => "",
        };
        match text.parse() {
            Ok(number) => Ok(Some((number, self.line(value.span().start)))),
            Err(_) => Err(self.wrong(part, key, value, "a number")),
        }
    }

    pub(super) fn integer(
        &self,
        part: Part<'_>,
        key: &str,
    ) -> Result<Option<(i64, usize)>, RuleError> {
        let Some(value) = part.table.get(key) else {
            return Ok(None);
        };
        let number = value.get_ref().as_integer().and_then(|text| text.as_str().parse().ok());
        match number {
            Some(number) => Ok(Some((number, self.line(value.span().start)))),
            None => Err(self.wrong(part, key, value, "a whole number")),
        }
    }

    pub(super) fn boolean(&self, part: Part<'_>, key: &str) -> Result<bool, RuleError> {
        match part.table.get(key) {
            None => Ok(false),
            Some(value) => value
                .get_ref()
                .as_bool()
                .ok_or_else(|| self.wrong(part, key, value, "true or false")),
        }
    }
}
