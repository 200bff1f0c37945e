//! Collects what is wrong with a request: all of it, not the first.

use crate::error::{Error, Violation};

/// A request while it is read.
#[derive(Default)]
pub struct Form {
    violations: Vec<Violation>,
}

impl Form {
    /// Takes a field that was read, or notes what is wrong with it.
    pub fn take<T>(&mut self, field: &str, read: Result<T, &'static str>) -> Option<T> {
        match read {
            Ok(value) => Some(value),
            Err(description) => {
                self.violations.push(Violation {
                    field: field.to_owned(),
                    description: description.to_owned(),
                });
                None
            }
        }
    }

    /// Notes what is wrong with a field.
    pub fn note(&mut self, field: &str, description: &'static str) {
        self.take::<()>(field, Err(description));
    }

    /// Everything is right, or all that is not.
    pub fn finish<T>(self, read: Option<T>) -> Result<T, Error> {
        match read {
            Some(value) if self.violations.is_empty() => Ok(value),
            _ => Err(Error::Malformed(self.violations)),
        }
    }
}
