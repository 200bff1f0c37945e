//! Pages: keyset tokens, bound to what was asked for.

use hocba_chassis::page;
use uuid::Uuid;

use super::form::Form;
use crate::error::{Error, Result};

/// Which page of a list is asked for.
pub struct Paging {
    binding: String,
    position: Option<String>,
    size: i64,
}

impl Paging {
    /// The parent of a list, and which of its pages: how every list of something's children begins.
    pub fn of<P>(
        list: &str,
        (parent, read): (&str, impl FnOnce(&str) -> std::result::Result<P, &'static str>),
        size: i32,
        token: &str,
    ) -> Result<(P, Self)> {
        let mut form = Form::default();
        let found = form.take("parent", read(parent));
        Ok((form.finish(found)?, Self::read(list, parent, size, token)?))
    }

    /// Reads size and token of a list; `parent` and filters are what the token is bound to.
    pub fn read(list: &str, parent: &str, size: i32, token: &str) -> Result<Self> {
        let binding = format!("{list} {parent}");
        let position = page::position(&binding, token)?;
        Ok(Self {
            binding,
            position,
            size: page::size(size),
        })
    }

    /// The key after which the page begins.
    pub fn after(&self) -> Option<&str> {
        self.position.as_deref()
    }

    /// The same, as an id.
    pub fn after_id(&self) -> Result<Option<Uuid>> {
        self.after()
            .map(|text| text.parse().map_err(|_| Error::Damaged("page_token")))
            .transpose()
    }

    /// How many rows to read: one more than the page holds tells whether there is another.
    pub fn limit(&self) -> i64 {
        self.size + 1
    }

    /// Cuts what was read to the page, and gives the token of the next.
    pub fn cut<T>(&self, mut rows: Vec<T>, key: impl Fn(&T) -> String) -> (Vec<T>, String) {
        let size = usize::try_from(self.size).unwrap_or(0);
        if rows.len() <= size {
            return (rows, String::new());
        }
        rows.truncate(size);
        let token = rows
            .last()
            .map(|last| page::token(&self.binding, &key(last)))
            .unwrap_or_default();
        (rows, token)
    }
}
