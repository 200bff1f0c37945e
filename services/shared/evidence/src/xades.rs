//! Making a signature: XAdES baseline B-B (ETSI EN 319 132-1), in two phases, for the key is elsewhere: in our
//! store, on a token, at a remote home. [`prepare`] gives the bytes to sign, [`Prepared::finish`] the element.

use data_encoding::BASE64;
use time::{OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339};

use crate::{Certificate, Document, Flaw, Kind, hash::raw, tree::Tree};

pub(crate) const DS: &str = "http://www.w3.org/2000/09/xmldsig#";
pub(crate) const XADES: &str = "http://uri.etsi.org/01903/v1.3.2#";
pub(crate) const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
pub(crate) const SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";
pub(crate) const ECDSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256";
pub(crate) const RSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
pub(crate) const SIGNED_PROPERTIES: &str = "http://uri.etsi.org/01903#SignedProperties";

/// A signature that waits for its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared {
    /// The message to sign with ECDSA P-256 and SHA-256: the canonical `ds:SignedInfo`.
    pub to_sign: Vec<u8>,
    head: String,
    tail: String,
}

impl Prepared {
    /// The `ds:Signature` element, with the value as `r||s` (64 bytes).
    #[must_use]
    pub fn finish(&self, value: &[u8]) -> Vec<u8> {
        format!("{}{}{}", self.head, BASE64.encode(value), self.tail).into_bytes()
    }
}

/// Prepares the signature of a slot, with the signer's certificate first and those of its authorities after it.
///
/// # Errors
/// Something the slot covers is not there yet, or no certificate is given.
pub fn prepare(
    document: &Document<'_>,
    slot: &Kind,
    chain: &[Certificate],
    role: &str,
    at: OffsetDateTime,
) -> Result<Prepared, Flaw> {
    let signer = chain.first().ok_or_else(|| Flaw::new("no certificate"))?;
    let covered = document.covered(slot);
    let mut references = String::new();
    let mut formats = String::new();
    for (index, id) in covered.iter().enumerate() {
        let digest = BASE64.encode(raw(&document.canonical(id)?).as_ref());
        references.push_str(&reference(&format!(" Id=\"ref-{slot}-{index}\""), id, &digest));
        formats.push_str(&format!(
            "<xades:DataObjectFormat ObjectReference=\"#ref-{slot}-{index}\"><xades:MimeType>text/xml</xades:MimeType>\
             </xades:DataObjectFormat>"
        ));
    }
    let properties = properties(slot, signer, role, at, &formats)?;
    let digest =
        |element: &str| -> Result<String, Flaw> { Ok(BASE64.encode(raw(&canonical(element)?).as_ref())) };
    references.push_str(&reference(
        &format!(" Type=\"{SIGNED_PROPERTIES}\""),
        &format!("props-{slot}"),
        &digest(&properties)?,
    ));
    let signed_info = format!(
        "<ds:SignedInfo xmlns:ds=\"{DS}\"><ds:CanonicalizationMethod Algorithm=\"{EXCLUSIVE}\"></ds:CanonicalizationMethod>\
         <ds:SignatureMethod Algorithm=\"{ECDSA_SHA256}\"></ds:SignatureMethod>{references}</ds:SignedInfo>"
    );
    let certificates: String = chain
        .iter()
        .map(|it| {
            format!(
                "<ds:X509Certificate>{}</ds:X509Certificate>",
                BASE64.encode(it.der())
            )
        })
        .collect();
    Ok(Prepared {
        to_sign: canonical(&signed_info)?,
        head: format!(
            "<ds:Signature xmlns:ds=\"{DS}\" Id=\"sig-{slot}\">{signed_info}<ds:SignatureValue Id=\"value-{slot}\">"
        ),
        tail: format!(
            "</ds:SignatureValue><ds:KeyInfo><ds:X509Data>{certificates}</ds:X509Data></ds:KeyInfo>\
             <ds:Object><xades:QualifyingProperties xmlns:xades=\"{XADES}\" Target=\"#sig-{slot}\">{properties}\
             </xades:QualifyingProperties></ds:Object></ds:Signature>"
        ),
    })
}

/// One reference: by Id, exclusive canonical form and nothing else.
fn reference(more: &str, id: &str, digest: &str) -> String {
    format!(
        "<ds:Reference{more} URI=\"#{id}\"><ds:Transforms><ds:Transform Algorithm=\"{EXCLUSIVE}\"></ds:Transform>\
         </ds:Transforms><ds:DigestMethod Algorithm=\"{SHA256}\"></ds:DigestMethod><ds:DigestValue>{digest}\
         </ds:DigestValue></ds:Reference>"
    )
}

fn properties(
    slot: &Kind,
    signer: &Certificate,
    role: &str,
    at: OffsetDateTime,
    formats: &str,
) -> Result<String, Flaw> {
    let offset = UtcOffset::from_hms(7, 0, 0).map_err(|_| Flaw::new("no offset"))?;
    let at = at
        .to_offset(offset)
        .replace_nanosecond(0)
        .ok()
        .and_then(|at| at.format(&Rfc3339).ok())
        .ok_or_else(|| Flaw::new("no signing time"))?;
    if !role.bytes().all(|b| b.is_ascii_lowercase() || b == b'_') {
        return Err(Flaw::new("no role"));
    }
    let fingerprint = BASE64.encode(raw(signer.der()).as_ref());
    Ok(format!(
        "<xades:SignedProperties xmlns:ds=\"{DS}\" xmlns:xades=\"{XADES}\" Id=\"props-{slot}\">\
         <xades:SignedSignatureProperties><xades:SigningTime>{at}</xades:SigningTime>\
         <xades:SigningCertificateV2><xades:Cert><xades:CertDigest><ds:DigestMethod Algorithm=\"{SHA256}\">\
         </ds:DigestMethod><ds:DigestValue>{fingerprint}</ds:DigestValue></xades:CertDigest></xades:Cert>\
         </xades:SigningCertificateV2><xades:SignerRoleV2><xades:ClaimedRoles><xades:ClaimedRole>{role}\
         </xades:ClaimedRole></xades:ClaimedRoles></xades:SignerRoleV2></xades:SignedSignatureProperties>\
         <xades:SignedDataObjectProperties>{formats}</xades:SignedDataObjectProperties></xades:SignedProperties>"
    ))
}

/// The canonical form of an element that declares all its namespaces itself.
fn canonical(element: &str) -> Result<Vec<u8>, Flaw> {
    let tree = Tree::parse(element)?;
    let root = tree.root().ok_or_else(|| Flaw::new("no element"))?;
    tree.canonical(root)
}
