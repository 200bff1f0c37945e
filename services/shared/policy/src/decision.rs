//! The decision: caller, RPC and resource against the rules.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use anyhow::{Context as _, anyhow, ensure};
use cedar_policy::{
    ActionConstraint, Authorizer, Context, Decision, Effect, Entities, Entity, EntityId, EntityTypeName,
    EntityUid, PolicyId, PolicySet, Request, RestrictedExpression, Schema, ValidationMode, Validator,
};
use hocba_chassis::{
    caller::Caller,
    error::{Failure, SHARED},
};

use crate::{contract, resource::Resource};

/// The rules' texts, by service; the first holds what is true for all.
const RULES: &[&str] = &[
    include_str!("../policies/all.cedar"),
    include_str!("../policies/identity.cedar"),
    include_str!("../policies/records.cedar"),
    include_str!("../policies/workflow.cedar"),
    include_str!("../policies/lock.cedar"),
    include_str!("../policies/signing.cedar"),
    include_str!("../policies/archive.cedar"),
];

/// The rule that keeps schools apart.
const TENANCY: &str = "all.tenancy";

/// The loaded and validated rules. Build once, share.
#[derive(Debug)]
pub struct Policy {
    authorizer: Authorizer,
    policies: PolicySet,
    schema: Schema,
    person: EntityTypeName,
    peer: EntityTypeName,
    thing: EntityTypeName,
    action: EntityTypeName,
    /// RPC to the rules that permit it: id and article.
    permits: BTreeMap<String, BTreeSet<(String, String)>>,
}

/// A permission and the rules it rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Granted {
    /// Ids of the rules.
    pub policies: String,
    /// Their articles.
    pub articles: String,
}

impl Policy {
    /// Parses and strictly validates the rules against the contract.
    pub fn load() -> anyhow::Result<Self> {
        let rpcs = contract::rpcs()?;
        let (schema, _) = Schema::from_cedarschema_str(&contract::schema(&rpcs))?;
        let policies: PolicySet = RULES.join("\n").parse().context("the rules do not parse")?;
        let judged = Validator::new(schema.clone()).validate(&policies, ValidationMode::Strict);
        ensure!(
            judged.validation_passed(),
            "the rules are not valid:\n{}",
            judged
                .validation_errors()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join("\n")
        );
        let permits = permits(&policies, &rpcs)?;
        let name = |text: &str| {
            text.parse::<EntityTypeName>()
                .map_err(|error| anyhow!("{text}: {error}"))
        };
        Ok(Self {
            authorizer: Authorizer::new(),
            policies,
            schema,
            person: name("Hocba::Person")?,
            peer: name("Hocba::Peer")?,
            thing: name("Hocba::Thing")?,
            action: name("Hocba::Action")?,
            permits,
        })
    }

    /// Refuses when an RPC of these services (full names) has no rule: called before a port is bound.
    pub fn require_covered(&self, services: &[&str]) -> anyhow::Result<()> {
        let rpcs = contract::rpcs_of(services)?;
        for service in services {
            ensure!(
                rpcs.iter().any(|rpc| rpc.starts_with(&format!("{service}/"))),
                "{service} is not in the contract"
            );
        }
        let bare: Vec<_> = rpcs
            .iter()
            .filter(|rpc| !self.permits.contains_key(*rpc))
            .cloned()
            .collect();
        ensure!(bare.is_empty(), "no rule permits: {}", bare.join(", "));
        Ok(())
    }

    /// The rules that can permit an RPC: id and article.
    #[must_use]
    pub fn permits(&self, rpc: &str) -> Vec<(String, String)> {
        self.permits.get(rpc).into_iter().flatten().cloned().collect()
    }

    /// Decides. The rules and their articles go into the current span; a refusal names in its metadata
    /// the rules that could have permitted.
    pub fn authorize(&self, caller: &Caller, rpc: &str, resource: &Resource) -> Result<Granted, Failure> {
        let answer = self.decide(caller, rpc, resource).map_err(Failure::internal)?;
        let named = |ids: &mut dyn Iterator<Item = &PolicyId>| {
            let rules: BTreeSet<_> = ids
                .filter_map(|id| {
                    Some((
                        self.policies.annotation(id, "id")?,
                        self.policies.annotation(id, "article")?,
                    ))
                })
                .collect();
            let ids = rules.iter().map(|(id, _)| *id).collect::<Vec<_>>().join(" ");
            let articles: BTreeSet<_> = rules.iter().map(|(_, article)| *article).collect();
            (ids, articles.into_iter().collect::<Vec<_>>().join(" "))
        };
        let (policies, articles) = named(&mut answer.diagnostics().reason());
        let span = tracing::Span::current();
        if answer.decision() == Decision::Allow {
            span.record("policy.id", &policies);
            span.record("policy.article", &articles);
            return Ok(Granted { policies, articles });
        }
        if caller.person.is_none() && caller.peer.name() == "gateway" {
            return Err(Failure::sign_in_first());
        }
        if policies.split(' ').any(|id| id == TENANCY) {
            span.record("policy.id", TENANCY);
            return Err(Failure::denied(SHARED, "OTHER_SCHOOL")
                .meta("policy", TENANCY)
                .meta("article", "A1")
                .vi("Dữ liệu này thuộc trường khác."));
        }
        let needed = self.permits(rpc);
        let ids: Vec<_> = needed.iter().map(|(id, _)| id.as_str()).collect();
        let articles: BTreeSet<_> = needed.iter().map(|(_, article)| article.as_str()).collect();
        let articles = articles.into_iter().collect::<Vec<_>>().join(" ");
        span.record("policy.id", ids.join(" "));
        span.record("policy.article", &articles);
        Err(Failure::denied(SHARED, "PERMISSION_DENIED")
            .meta("policy", ids.join(" "))
            .meta("article", &articles)
            .vi(format!(
                "Bạn không có quyền làm việc này theo quy chế ({articles})."
            )))
    }

    fn decide(
        &self,
        caller: &Caller,
        rpc: &str,
        resource: &Resource,
    ) -> anyhow::Result<cedar_policy::Response> {
        let uid = |kind: &EntityTypeName, id: &str| {
            EntityUid::from_type_name_and_id(kind.clone(), EntityId::new(id))
        };
        let text = |value: &str| RestrictedExpression::new_string(value.to_owned());
        let optional = |school: &Option<String>, authority: &Option<String>| {
            [("school", school), ("authority", authority)]
                .into_iter()
                .filter_map(|(key, value)| Some((key.to_owned(), text(value.as_ref()?))))
                .collect::<Vec<_>>()
        };

        let principal = if let Some(person) = &caller.person {
            let roles = RestrictedExpression::new_set(person.roles.iter().map(|role| text(role.as_str())));
            let grant = RestrictedExpression::new_set(person.grant.iter().map(|group| text(group)));
            let mut attributes = optional(&person.school, &person.authority);
            attributes.push(("grant".to_owned(), grant));
            attributes.push(("roles".to_owned(), roles));
            let uid = uid(&self.person, &person.account.to_string());
            Entity::new(uid, attributes.into_iter().collect(), HashSet::new())?
        } else {
            let name = caller.peer.name();
            Entity::new(
                uid(&self.peer, name),
                [("name".to_owned(), text(name))].into_iter().collect(),
                HashSet::new(),
            )?
        };
        let thing = Entity::new(
            uid(&self.thing, "thing"),
            optional(&resource.school, &resource.authority)
                .into_iter()
                .collect(),
            HashSet::new(),
        )?;
        let context = Context::from_pairs([
            ("peer".to_owned(), text(caller.peer.name())),
            (
                "relations".to_owned(),
                RestrictedExpression::new_set(resource.relations.iter().map(|relation| text(relation))),
            ),
        ])?;
        let request = Request::new(
            principal.uid(),
            uid(&self.action, rpc),
            thing.uid(),
            context,
            Some(&self.schema),
        )?;
        let entities = Entities::from_entities([principal, thing], None)?;
        Ok(self.authorizer.is_authorized(&request, &self.policies, &entities))
    }
}

fn permits(
    policies: &PolicySet,
    rpcs: &[String],
) -> anyhow::Result<BTreeMap<String, BTreeSet<(String, String)>>> {
    let mut permits = BTreeMap::<String, BTreeSet<(String, String)>>::new();
    let mut ids = HashSet::new();
    for policy in policies.policies() {
        let id = policy.annotation("id").context("a rule has no @id")?.to_owned();
        let article = policy
            .annotation("article")
            .with_context(|| format!("rule {id} has no @article"))?
            .to_owned();
        ensure!(ids.insert(id.clone()), "two rules are called {id}");
        if policy.effect() != Effect::Permit {
            continue;
        }
        let actions: Vec<String> = match policy.action_constraint() {
            ActionConstraint::Any => rpcs.to_vec(),
            ActionConstraint::In(uids) => uids.iter().map(|uid| uid.id().unescaped().to_owned()).collect(),
            ActionConstraint::Eq(uid) => vec![uid.id().unescaped().to_owned()],
        };
        for action in actions {
            permits
                .entry(action)
                .or_default()
                .insert((id.clone(), article.clone()));
        }
    }
    Ok(permits)
}
