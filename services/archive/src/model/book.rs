//! The book as XML: sections that are signed one by one, and a place for every signature.
//!
//! Every element that is signed is written in its canonical form (no indentation, attributes in order, its own
//! namespace), so that its bytes are what is digested. Signatures stand outside every section.

use std::fmt::Write as _;

use data_encoding::HEXLOWER;
use ring::digest::{SHA256, digest};

use super::slot::{Kind, Slot};

/// The namespace of our elements.
const NAMESPACE: &str = "urn:hocba:book:1";

/// What a signature place looks like while it is empty.
fn place(kind: &Kind) -> String {
    format!("<slot id=\"slot-{kind}\"></slot>")
}

/// One signed part of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Unlike any other in the document.
    pub id: String,
    /// Whose signature covers it alone; `None` where only higher signatures cover it.
    pub kind: Option<Kind>,
    /// Who must sign it.
    pub signer: String,
    /// Fields in order: name and value.
    pub fields: Vec<(String, String)>,
}

/// A document with all its places empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Composed {
    /// UTF-8 XML.
    pub xml: Vec<u8>,
    /// The places in the order of signing.
    pub slots: Vec<Slot>,
}

/// Writes a document of these sections. Places follow in order: one a section with a kind, then homeroom,
/// principal and seal as `above` names them with their signers.
#[must_use]
pub fn compose(name: &str, sections: &[Section], above: &[(Kind, String)]) -> Composed {
    let (mut body, mut slots) = (String::new(), Vec::new());
    for section in sections {
        let text = section_xml(section);
        if let Some(kind) = &section.kind {
            slots.push(Slot {
                kind: kind.clone(),
                signer: section.signer.clone(),
                section: hex(text.as_bytes()),
                signature: None,
            });
        }
        body.push_str(&text);
    }
    slots.extend(above.iter().map(|(kind, signer)| Slot {
        kind: kind.clone(),
        signer: signer.clone(),
        section: String::new(),
        signature: None,
    }));
    let places: String = slots.iter().map(|slot| place(&slot.kind)).collect();
    let xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<document xmlns=\"{NAMESPACE}\" name=\"{}\">{body}\
         <signatures>{places}</signatures></document>\n",
        escape(name)
    );
    Composed {
        xml: xml.into_bytes(),
        slots,
    }
}

fn section_xml(section: &Section) -> String {
    let id = escape(&section.id);
    let mut text = format!("<section xmlns=\"{NAMESPACE}\" id=\"section-{id}\">");
    for (name, value) in &section.fields {
        // Writing into a String does not fail.
        let _ = write!(text, "<field name=\"{}\">{}</field>", escape(name), escape(value));
    }
    text.push_str("</section>");
    text
}

/// The document with the stored signatures in their places; `None` when a place is not there exactly once.
#[must_use]
pub fn assemble(base: &[u8], slots: &[Slot]) -> Option<Vec<u8>> {
    let mut text = String::from_utf8(base.to_vec()).ok()?;
    for slot in slots {
        let Some(signature) = &slot.signature else {
            continue;
        };
        let empty = place(&slot.kind);
        let (before, after) = text.split_once(&empty)?;
        let open = empty.strip_suffix("</slot>")?;
        let signature = std::str::from_utf8(&signature.xml).ok()?;
        text = format!("{before}{open}{signature}</slot>{after}");
    }
    Some(text.into_bytes())
}

/// What a slot signs: a section for a subject; every section and the signatures before it for the others.
#[must_use]
pub fn content_digest(base: &[u8], slots: &[Slot], kind: &Kind) -> Option<String> {
    let own = slots.iter().find(|slot| slot.kind == *kind)?;
    if !own.section.is_empty() {
        return Some(own.section.clone());
    }
    let mut text = format!("hocba-content-v1\n{kind}\n{}\n", hex(base));
    for slot in slots.iter().filter(|slot| slot.kind < *kind) {
        let signature = slot.signature.as_ref().map(|it| hex(&it.xml));
        let _ = writeln!(text, "{} {}", slot.kind, signature.unwrap_or_default());
    }
    Some(hex(text.as_bytes()))
}

fn hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(digest(&SHA256, bytes).as_ref())
}

/// Text as canonical XML writes it, in content and attributes alike.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\r' => out.push_str("&#xD;"),
            c if c < ' ' && c != '\n' && c != '\t' => {}
            c => out.push(c),
        }
    }
    out
}
