//! What a thief of the disks finds after a school's year: no secret, no token, and nothing that stands sealed.

#![expect(clippy::unwrap_used, reason = "a test program: a panic is its failure")]

mod places;
mod plants;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    time::Duration,
};

use hocba_cluster::{Cluster, Options, cluster_file, needles::Needles, school::School};
use places::{Place, scan};
use plants::{CONTROLS, Plant};

/// By whom a find is told: a secret itself stays out of the report, also when the test fails.
type Finds = BTreeMap<(&'static str, Place), BTreeSet<usize>>;

async fn look(cluster: &Cluster, plants: &[Plant]) -> Finds {
    let mut needles = Needles::default();
    for (id, plant) in plants.iter().enumerate() {
        match &plant.value {
            plants::Value::Text(text) => needles.add_text(id, text),
            plants::Value::Bytes(bytes) => needles.add_bytes(id, bytes),
        }
    }
    let mut finds = Finds::new();
    scan(cluster, |place, bytes| {
        for id in needles.search(bytes) {
            if let Some(plant) = plants.get(id) {
                finds.entry((plant.what, place.clone())).or_default().insert(id);
            }
        }
    })
    .await
    .unwrap();
    finds
}

#[tokio::test(flavor = "multi_thread")]
async fn c8_after_a_year_no_secret_and_nothing_sealed_stands_readable_anywhere() {
    let cluster = Cluster::boot(Options::default()).await.unwrap();
    let out = tempfile::tempdir().unwrap();
    let file = cluster.demo_school().unwrap();
    let small = School::make(&cluster).await.unwrap();
    let mut plants = plants::tokens(&cluster, &file).await.unwrap();
    plants.extend(plants::school(&cluster, &file).await.unwrap());
    let file = cluster_file::play_demo(&cluster.deployment, out.path()).unwrap();
    plants.extend(plants::secrets(&file));
    plants.extend(plants::personal(&file, &out.path().join("package")).unwrap());
    plants.extend(plants::page());
    plants.extend(plants::decisions(&small).await.unwrap());
    plants.extend(plants::dossiers());
    plants.extend(plants::controls(&cluster, &file).unwrap());
    let count = |what: &str| plants.iter().filter(|plant| plant.what == what).count();
    // A class and a staff of some forty: their values are really looked for.
    for (what, least) in [
        ("name", 30),
        ("personal id", 900),
        ("comment", 2),
        ("password", 40),
        ("second factor", 80),
        ("six words", 16),
        ("exemption", 1),
        ("plan", 1),
    ] {
        assert!(count(what) >= least, "{} × {what}", count(what));
    }

    cluster
        .eventually("the spans of the last acts", Duration::from_secs(30), || async {
            let spans = cluster.traces.spans();
            let last = spans
                .iter()
                .any(|span| span.name.ends_with("DownloadClassPackage"));
            anyhow::ensure!(last, "{} spans", spans.len());
            Ok(())
        })
        .await
        .unwrap();
    let finds = look(&cluster, &plants).await;

    let wrong: Vec<String> = finds
        .iter()
        .filter(|((what, place), _)| !plants::may_stand(what, place))
        .map(|((what, place), ids)| format!("{} × {what} in {place}", ids.len()))
        .collect();
    assert!(wrong.is_empty(), "readable: {wrong:#?}");
    // The search sees: what is meant to stand clear was found where it stands.
    for (what, places) in CONTROLS {
        for place in *places {
            let place = Place::parse(place);
            assert!(
                finds.contains_key(&(*what, place.clone())),
                "no {what} in {place}: what is found there at all? {:?}",
                finds.keys().collect::<Vec<_>>()
            );
        }
    }
    every_object_is_sealed(&cluster.deployment.objects());
}

/// Nothing lies in the object store but what the vault sealed.
fn every_object_is_sealed(folder: &Path) {
    let mut count = 0;
    places::files(folder, &mut |path, bytes| {
        assert_eq!(
            bytes.first(),
            Some(&1),
            "{} has not the vault's form",
            path.display()
        );
        count += 1;
        Ok(())
    })
    .unwrap();
    assert!(count > 35, "{count} objects");
}
