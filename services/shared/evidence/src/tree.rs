//! A parsed document in which every Id is known and stands once.

use std::collections::BTreeMap;

use bergshamra_c14n::{C14nMode, canonicalize_doc};
use bergshamra_xml::NodeSet;
use uppsala::{Document, NodeId, NodeKind};

use crate::Flaw;

/// The parsed text and its Ids.
pub(crate) struct Tree<'a> {
    document: Document<'a>,
    ids: BTreeMap<String, NodeId>,
}

impl<'a> Tree<'a> {
    /// Parses. Refused: a document type (entities change what is read), comments, processing instructions and
    /// CDATA (canonical form drops or rewrites them, a reader may not), and an Id that stands twice.
    pub(crate) fn parse(text: &'a str) -> Result<Self, Flaw> {
        let document = uppsala::parse(text).map_err(|error| Flaw::new(format!("no XML: {error}")))?;
        if document.doctype.is_some() {
            return Err(Flaw::new("a document type is not allowed"));
        }
        let mut ids = BTreeMap::new();
        for node in document.descendants(document.root()) {
            match document.node_kind(node) {
                Some(NodeKind::Element(element)) => {
                    let Some(id) = element.get_attribute("Id") else {
                        continue;
                    };
                    if ids.insert(id.to_owned(), node).is_some() {
                        return Err(Flaw::new(format!("the Id {id} stands twice")));
                    }
                }
                Some(NodeKind::Comment(_) | NodeKind::ProcessingInstruction(_) | NodeKind::CData(_)) => {
                    return Err(Flaw::new("comments, instructions and CDATA are not allowed"));
                }
                Some(NodeKind::Document | NodeKind::Text(_) | NodeKind::Attribute(..)) | None => {}
            }
        }
        Ok(Self { document, ids })
    }

    pub(crate) fn root(&self) -> Option<NodeId> {
        self.document.document_element()
    }

    pub(crate) fn by_id(&self, id: &str) -> Option<NodeId> {
        self.ids.get(id).copied()
    }

    pub(crate) fn attribute(&self, node: NodeId, name: &str) -> Option<&str> {
        self.document.get_attribute(node, name)
    }

    pub(crate) fn is(&self, node: NodeId, namespace: &str, name: &str) -> bool {
        self.document
            .element(node)
            .is_some_and(|element| element.matches_name_ns(namespace, name))
    }

    pub(crate) fn parent(&self, node: NodeId) -> Option<NodeId> {
        self.document.parent(node)
    }

    /// The child elements; an error when there is text between them.
    pub(crate) fn elements(&self, node: NodeId) -> Result<Vec<NodeId>, Flaw> {
        let mut elements = Vec::new();
        for child in self.document.children(node) {
            match self.document.node_kind(child) {
                Some(NodeKind::Element(_)) => elements.push(child),
                Some(NodeKind::Text(text)) if text.trim().is_empty() => {}
                _ => return Err(Flaw::new("text where only elements stand")),
            }
        }
        Ok(elements)
    }

    /// The child elements of this name.
    pub(crate) fn children(&self, node: NodeId, namespace: &str, name: &str) -> Vec<NodeId> {
        self.document
            .children(node)
            .into_iter()
            .filter(|child| self.is(*child, namespace, name))
            .collect()
    }

    /// The one child element of this name.
    pub(crate) fn child(&self, node: NodeId, namespace: &str, name: &str) -> Result<NodeId, Flaw> {
        match self.children(node, namespace, name).as_slice() {
            [one] => Ok(*one),
            [] => Err(Flaw::new(format!("{name} is missing"))),
            _ => Err(Flaw::new(format!("{name} stands more than once"))),
        }
    }

    /// All text below.
    pub(crate) fn text(&self, node: NodeId) -> String {
        self.document.text_content_deep(node)
    }

    /// Exclusive canonical form, without comments, of an element and all below.
    pub(crate) fn canonical(&self, node: NodeId) -> Result<Vec<u8>, Flaw> {
        let set = NodeSet::tree_without_comments(node, &self.document);
        canonicalize_doc::<&str>(&self.document, C14nMode::Exclusive, Some(&set), &[])
            .map_err(|error| Flaw::new(format!("no canonical form: {error}")))
    }
}
