//! The school as its principal sees it: classes, sheets, who enters them.

use std::collections::BTreeMap;

use anyhow::{Context, ensure};
use hocba_cluster::{Cluster, cluster_file::ClusterFile, person::Login, school::request_id};
use hocba_proto::records::{
    ConfirmYearResultsRequest, ListClassesRequest, ListMarkSheetsRequest,
    records_service_client::RecordsServiceClient,
};

use crate::teacher::Teacher;

/// The demo's year.
const YEAR: &str = "schools/01018a01/years/2025-2026";
/// The homeroom teacher's sheet.
const CRITERIA: &str = "criteria-";

/// The whole school.
pub(crate) struct School {
    pub(crate) teachers: Vec<Teacher>,
    /// Grade by class name.
    pub(crate) classes: BTreeMap<String, i32>,
    homeroom: BTreeMap<String, Login>,
}

impl School {
    pub(crate) async fn read(cluster: &Cluster, file: &ClusterFile) -> anyhow::Result<Self> {
        let principal = cluster.sign_in(file.login("principal")?).await?;
        let mut records = RecordsServiceClient::new(cluster.channel());
        let list = ListClassesRequest {
            parent: YEAR.to_owned(),
        };
        let classes = records
            .list_classes(principal.ask(list)?)
            .await?
            .into_inner()
            .classes;
        let mut sheets = BTreeMap::<String, Vec<String>>::new();
        let mut homeroom = BTreeMap::new();
        let login = |account: &str| {
            let found = file.accounts.iter().find(|login| login.account == account);
            found.cloned().with_context(|| format!("no login of {account}"))
        };
        for class in &classes {
            let list = ListMarkSheetsRequest {
                parent: class.name.clone(),
                period: 0,
            };
            for sheet in records
                .list_mark_sheets(principal.ask(list)?)
                .await?
                .into_inner()
                .mark_sheets
            {
                ensure!(!sheet.teacher.is_empty(), "{} has no teacher", sheet.name);
                if sheet.name.contains(CRITERIA) {
                    homeroom.insert(class.name.clone(), login(&sheet.teacher)?);
                }
                sheets.entry(sheet.teacher).or_default().push(sheet.name);
            }
        }
        let teachers = sheets
            .into_iter()
            .map(|(account, sheets)| {
                anyhow::Ok(Teacher {
                    login: login(&account)?,
                    sheets,
                })
            })
            .collect::<anyhow::Result<_>>()?;
        let classes = classes
            .into_iter()
            .map(|class| (class.name, class.grade))
            .collect();
        Ok(Self {
            teachers,
            classes,
            homeroom,
        })
    }

    pub(crate) fn sheet_count(&self) -> usize {
        self.teachers.iter().map(|teacher| teacher.sheets.len()).sum()
    }

    /// Each homeroom teacher confirms the own class; answers the result by pupil.
    pub(crate) async fn confirm(&self, cluster: &Cluster) -> anyhow::Result<BTreeMap<String, String>> {
        let mut confirming = tokio::task::JoinSet::new();
        for (class, login) in self.homeroom.clone() {
            let channel = cluster.channel();
            confirming.spawn(async move {
                let teacher = hocba_cluster::person::Person::sign_in(&channel, &login).await?;
                let request = ConfirmYearResultsRequest {
                    parent: class.clone(),
                    request_id: request_id(),
                };
                let confirmed = RecordsServiceClient::new(channel)
                    .confirm_year_results(teacher.ask(request)?)
                    .await
                    .with_context(|| format!("ConfirmYearResults of {class}"))?;
                anyhow::Ok(confirmed.into_inner().results)
            });
        }
        let mut results = BTreeMap::new();
        while let Some(done) = confirming.join_next().await {
            for result in done?? {
                let pupil = result.name.rsplit('/').next().unwrap_or_default().to_owned();
                results.insert(pupil, result.confirmed_result);
            }
        }
        Ok(results)
    }
}
