//! A document: sections that are signed one by one, and a slot for every signature.
//!
//! Every section is written in canonical form with its own namespace, so that its bytes are what is digested
//! wherever it stands. Signatures stand outside every section, and the frame (signed by all but the subject
//! teachers) lists the slots, so that none can be taken away.

use crate::{Element, Flaw, Kind, hash::sha256, tree::Tree};

/// The namespace of our elements.
pub const NAMESPACE: &str = "urn:hocba:document:1";

/// The id of the section that says what the document is.
const FRAME: &str = "frame";

/// One signed part of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// The slot that covers it alone, or the homeroom teacher's own part.
    pub slot: Kind,
    /// Who must sign that slot, `accounts/{account}`.
    pub signer: String,
    /// What it says.
    pub body: Element,
}

/// What the whole document is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// `year-document` or `package-statement`.
    pub kind: &'static str,
    /// The document's name.
    pub document: String,
    /// The school's id.
    pub school: String,
    /// What else it says.
    pub body: Element,
}

/// The section of a slot, with whom it belongs to: no teacher's section fits into another pupil's book.
fn section(id: &str, body: Element) -> Element {
    Element::new("section")
        .attribute("xmlns", NAMESPACE)
        .attribute("Id", format!("section-{id}"))
        .child(body)
}

fn empty_slot(kind: &Kind) -> String {
    format!("<slot Id=\"slot-{kind}\"></slot>")
}

/// A document with all its slots empty, and the digest of each section that one slot alone covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Composed {
    /// UTF-8 XML.
    pub xml: Vec<u8>,
    /// SHA-256 (lower hex) of the canonical section of each section's slot.
    pub sections: Vec<(Kind, String)>,
}

/// Writes a document. Its slots are those of the sections and of `above`, in the order of signing.
#[must_use]
pub fn compose(frame: &Frame, sections: &[Section], above: &[Kind]) -> Composed {
    let mut slots: Vec<&Kind> = sections.iter().map(|it| &it.slot).chain(above).collect();
    slots.sort();
    slots.dedup();
    let list: Vec<String> = slots.iter().map(ToString::to_string).collect();
    let mut xml = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<document xmlns=\"{NAMESPACE}\">");
    section(FRAME, frame.body.clone())
        .attribute("document", frame.document.as_str())
        .attribute("kind", frame.kind)
        .attribute("school", frame.school.as_str())
        .attribute("slots", list.join(" "))
        .write(&mut xml);
    let mut digests = Vec::new();
    for part in sections {
        let mut text = String::new();
        section(&part.slot.to_string(), part.body.clone())
            .attribute("school", frame.school.as_str())
            .attribute("signer", part.signer.as_str())
            .write(&mut text);
        digests.push((part.slot.clone(), sha256(text.as_bytes())));
        xml.push_str(&text);
    }
    xml.push_str("<signatures>");
    for slot in slots {
        xml.push_str(&empty_slot(slot));
    }
    xml.push_str("</signatures></document>\n");
    Composed {
        xml: xml.into_bytes(),
        sections: digests,
    }
}

/// The document with these signatures in their slots, byte for byte.
///
/// # Errors
/// A slot that does not stand there exactly once and empty.
pub fn assemble<'a>(
    base: &[u8],
    signatures: impl IntoIterator<Item = (&'a Kind, &'a [u8])>,
) -> Result<Vec<u8>, Flaw> {
    let no_text = |_| Flaw::new("not UTF-8");
    let mut text = String::from_utf8(base.to_vec()).map_err(|_| Flaw::new("not UTF-8"))?;
    for (kind, signature) in signatures {
        let empty = empty_slot(kind);
        let missing = || Flaw::new(format!("no empty slot {kind}"));
        let (before, after) = text.split_once(&empty).ok_or_else(missing)?;
        let open = empty.strip_suffix("</slot>").ok_or_else(missing)?;
        let signature = std::str::from_utf8(signature).map_err(no_text)?;
        text = format!("{before}{open}{signature}</slot>{after}");
    }
    Ok(text.into_bytes())
}

/// A document that was read.
pub struct Document<'a> {
    pub(crate) tree: Tree<'a>,
    name: String,
    kind: String,
    school: String,
    slots: Vec<Kind>,
    /// Ids of the sections in order, the frame first.
    sections: Vec<String>,
}

impl<'a> Document<'a> {
    /// Reads a document and refuses everything a document of ours does not have: what nobody signs is not there.
    ///
    /// # Errors
    /// What is wrong with its form.
    pub fn parse(xml: &'a [u8]) -> Result<Self, Flaw> {
        let text = std::str::from_utf8(xml).map_err(|_| Flaw::new("not UTF-8"))?;
        let tree = Tree::parse(text)?;
        let root = tree.root().ok_or_else(|| Flaw::new("no root element"))?;
        if !tree.is(root, NAMESPACE, "document") {
            return Err(Flaw::new("not a document of ours"));
        }
        let mut elements = tree.elements(root)?;
        let places = elements
            .pop()
            .filter(|last| tree.is(*last, NAMESPACE, "signatures"))
            .ok_or_else(|| Flaw::new("the signatures are missing"))?;
        let mut sections = Vec::new();
        for element in elements {
            let id = tree.attribute(element, "Id").unwrap_or_default();
            if !tree.is(element, NAMESPACE, "section") || !id.starts_with("section-") {
                return Err(Flaw::new("an element that is no section"));
            }
            sections.push(id.to_owned());
        }
        let mut slots = Vec::new();
        for element in tree.elements(places)? {
            let id = tree.attribute(element, "Id").unwrap_or_default();
            let kind = id.strip_prefix("slot-").and_then(Kind::parse);
            let ours = tree.is(element, NAMESPACE, "slot");
            slots.push(
                kind.filter(|_| ours)
                    .ok_or_else(|| Flaw::new("an element that is no slot"))?,
            );
        }
        let frame = tree
            .by_id("section-frame")
            .ok_or_else(|| Flaw::new("the frame is missing"))?;
        let said = |name: &str| tree.attribute(frame, name).unwrap_or_default().to_owned();
        let list: Vec<String> = slots.iter().map(ToString::to_string).collect();
        if said("slots") != list.join(" ") {
            return Err(Flaw::new("the slots are not those the frame lists"));
        }
        for section in sections.iter().filter(|id| *id != "section-frame") {
            let kind = section.strip_prefix("section-").and_then(Kind::parse);
            if !kind.is_some_and(|kind| slots.contains(&kind)) {
                return Err(Flaw::new(format!("{section} belongs to no slot")));
            }
        }
        Ok(Self {
            name: said("document"),
            kind: said("kind"),
            school: said("school"),
            tree,
            slots,
            sections,
        })
    }

    /// The document's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// `year-document` or `package-statement`.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The school's id.
    #[must_use]
    pub fn school(&self) -> &str {
        &self.school
    }

    /// Its slots in the order of signing.
    #[must_use]
    pub fn slots(&self) -> &[Kind] {
        &self.slots
    }

    /// Who must sign a slot, `accounts/{account}`; `None` where any holder of the role may.
    #[must_use]
    pub fn signer(&self, slot: &Kind) -> Option<&str> {
        let section = self.tree.by_id(&format!("section-{slot}"))?;
        self.tree
            .attribute(section, "signer")
            .filter(|signer| !signer.is_empty())
    }

    /// The text of a field of the frame, such as a statement's `tag-manifest`; empty where there is none.
    #[must_use]
    pub fn frame_text(&self, name: &str) -> String {
        let body = self
            .tree
            .by_id("section-frame")
            .map(|frame| self.tree.elements(frame));
        let Some(Ok([body])) = body.as_ref().map(|it| it.as_deref()) else {
            return String::new();
        };
        let field = self.tree.child(*body, NAMESPACE, name);
        field.map(|field| self.tree.text(field)).unwrap_or_default()
    }

    /// The Ids a slot's signature must cover, in order. A subject covers its section; the others every section
    /// and the value of every signature before them: a chain of values alone would still verify after a mark
    /// was changed.
    #[must_use]
    pub fn covered(&self, slot: &Kind) -> Vec<String> {
        if slot.covers_own_section_only() {
            return vec![format!("section-{slot}")];
        }
        let before = self.slots.iter().filter(|other| *other < slot);
        let values = before.map(|other| format!("value-{other}"));
        self.sections.iter().cloned().chain(values).collect()
    }

    /// The canonical form of what an Id names.
    ///
    /// # Errors
    /// No such Id.
    pub fn canonical(&self, id: &str) -> Result<Vec<u8>, Flaw> {
        let node = self
            .tree
            .by_id(id)
            .ok_or_else(|| Flaw::new(format!("nothing has the Id {id}")))?;
        self.tree.canonical(node)
    }

    /// What a signer is shown and a ceremony lists: SHA-256 (lower hex) over `hocba-content-v1`, the slot, and
    /// each covered Id with the digest of its canonical form, a line each.
    ///
    /// # Errors
    /// Something covered is not there yet.
    pub fn content_digest(&self, slot: &Kind) -> Result<String, Flaw> {
        let mut text = format!("hocba-content-v1\n{slot}\n");
        for id in self.covered(slot) {
            text.push_str(&format!("{id} {}\n", sha256(&self.canonical(&id)?)));
        }
        Ok(sha256(text.as_bytes()))
    }
}
