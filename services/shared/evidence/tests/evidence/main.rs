//! Evidence as strangers meet it: documents, packages, and what other programs say of them.

mod document;
mod package;
mod world;
mod xmlsec;
