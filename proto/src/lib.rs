//! The contract of hocba: generated messages, clients and servers of every package, and the
//! descriptor set from which routes, coverage tests and reflection are derived.

#![expect(clippy::pedantic, clippy::large_enum_variant, reason = "generated code")]
#![expect(
    clippy::allow_attributes,
    clippy::allow_attributes_without_reason,
    reason = "generated code"
)]

/// The encoded `FileDescriptorSet` of all packages, with imports, comments and options.
pub const DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptor.binpb"));

/// Annotations of fields (AIP-203).
pub mod google {
    /// See `google/api/field_behavior.proto`.
    pub mod api {
        include!(concat!(env!("OUT_DIR"), "/google.api.rs"));
    }
}

/// Our packages.
pub mod hocba {
    /// The few nouns all packages share: period, levels, shared reasons.
    pub mod r#type {
        /// Version 1.
        pub mod v1 {
            include!(concat!(env!("OUT_DIR"), "/hocba.r#type.v1.rs"));
        }
    }

    /// Accounts, sign-ins, roles, act tokens, authorities and schools.
    pub mod identity {
        /// Version 1.
        pub mod v1 {
            include!(concat!(env!("OUT_DIR"), "/hocba.identity.v1.rs"));
        }
    }

    /// Years, classes, pupils, mark sheets, entry sessions and results.
    pub mod records {
        /// Version 1.
        pub mod v1 {
            include!(concat!(env!("OUT_DIR"), "/hocba.records.v1.rs"));
        }
    }

    /// Everything that needs several people: orders, dossiers, reviews.
    pub mod workflow {
        /// Version 1.
        pub mod v1 {
            include!(concat!(env!("OUT_DIR"), "/hocba.workflow.v1.rs"));
        }
    }

    /// Epochs, fences and openings of terms.
    pub mod lock {
        /// Version 1.
        pub mod v1 {
            include!(concat!(env!("OUT_DIR"), "/hocba.lock.v1.rs"));
        }
    }

    /// Keys, certificates and signing ceremonies.
    pub mod signing {
        /// Version 1.
        pub mod v1 {
            include!(concat!(env!("OUT_DIR"), "/hocba.signing.v1.rs"));
        }
    }

    /// Evidence, year documents, packages and the transparency log.
    pub mod archive {
        /// Version 1.
        pub mod v1 {
            include!(concat!(env!("OUT_DIR"), "/hocba.archive.v1.rs"));
        }
    }
}

pub use hocba::archive::v1 as archive;
pub use hocba::identity::v1 as identity;
pub use hocba::lock::v1 as lock;
pub use hocba::records::v1 as records;
pub use hocba::signing::v1 as signing;
pub use hocba::r#type::v1 as types;
pub use hocba::workflow::v1 as workflow;
