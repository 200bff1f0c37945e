-- Evidence, year documents, packages, their signature slots, approvals. Bytes lie sealed in the object store
-- under the SHA-256 of what is sealed (`…object`); the digest of the plain bytes stands beside it. Books and
-- packages are guarded by the fence of books(school, year).

create table evidence (
    school_id   text        not null,
    sha256      text        not null,
    object      text        not null,
    media_type  text        not null,
    size_bytes  bigint      not null,
    uploader    text        not null,
    created_at  timestamptz not null,
    constraint evidence_pk primary key (school_id, sha256),
    constraint evidence_type check (media_type in ('application/pdf', 'image/png', 'image/jpeg'))
);

create table year_document (
    school_id    text        not null,
    year_id      text        not null,
    pupil_id     uuid        not null,
    version      int         not null,
    class_id     text        not null,
    position     int         not null,
    state        text        not null,
    -- SHA-256 of the document without signatures. Every section carries a salt: the digest tells nothing.
    digest       text        not null,
    object       text        not null,
    -- Keyed, since facts have no salt: who has the row alone cannot try values out.
    facts_digest text        not null,
    composed_at  timestamptz not null,
    epoch        bigint      not null,
    constraint year_document_pk primary key (school_id, year_id, pupil_id, version),
    constraint year_document_state check (state in ('open', 'sealed', 'superseded')),
    constraint year_document_version check (version >= 1)
);
create index year_document_class on year_document (school_id, year_id, class_id, position);
-- One version is in force, whoever writes.
create unique index year_document_current on year_document (school_id, year_id, pupil_id)
    where state <> 'superseded';

create table class_package (
    school_id      text        not null,
    id             uuid        not null,
    year_id        text        not null,
    class_id       text        not null,
    state          text        not null,
    -- SHA-256 over the documents' names and digests: the same documents give the same package.
    content        text        not null,
    -- SHA-256 of the statement and of the tar without signatures.
    statement        text      not null,
    statement_object text      not null,
    bag              text      not null,
    bag_object       text      not null,
    tag_manifest   text        not null,
    document_count int         not null,
    created_at     timestamptz not null,
    epoch          bigint      not null,
    constraint class_package_pk primary key (school_id, id),
    constraint class_package_state check (state in ('awaiting_signatures', 'sealed')),
    constraint class_package_content unique (school_id, year_id, class_id, content)
);

create table slot (
    school_id      text        not null,
    -- The document's name with version, or the package's name.
    document       text        not null,
    slot           text        not null,
    year_id        text        not null,
    position       int         not null,
    signer         text        not null,
    -- SHA-256 of the section this slot signs; empty where it signs more than one.
    section        text        not null,
    signature      bytea,
    content_digest text,
    signed_by      text,
    signed_at      timestamptz,
    epoch          bigint      not null,
    constraint slot_pk primary key (school_id, document, slot),
    constraint slot_whole check (
        (signature is null) = (signed_by is null) and (signature is null) = (signed_at is null)
        and (signature is null) = (content_digest is null))
);

create table approval (
    school_id   text        not null,
    year_id     text        not null,
    class_id    text        not null,
    recorded_at timestamptz not null,
    review      text        not null,
    approved    boolean     not null,
    decided_at  timestamptz not null,
    constraint approval_pk primary key (school_id, year_id, class_id, review, approved, decided_at)
);

-- A signature, once stored, is never replaced or taken out.
create function slot_kept() returns trigger
language plpgsql set search_path = public, pg_temp as $$
begin
    if old.signature is not null then
        raise exception 'a stored signature is kept' using errcode = 'HA001';
    end if;
    return new;
end $$;
create trigger slot_kept before update on slot for each row execute function slot_kept();

-- A superseded version never comes back, a sealed one is only ever superseded.
create function year_document_onward() returns trigger
language plpgsql set search_path = public, pg_temp as $$
begin
    if old.state = 'superseded' or (old.state = 'sealed' and new.state = 'open')
       or (new.digest, new.object, new.facts_digest, new.class_id, new.composed_at)
          is distinct from (old.digest, old.object, old.facts_digest, old.class_id, old.composed_at) then
        raise exception 'a document only moves onward' using errcode = 'HA002';
    end if;
    return new;
end $$;
create trigger year_document_onward before update on year_document
    for each row execute function year_document_onward();

create trigger year_document_fence before insert or update or delete on year_document
    for each row execute function fence_guard('books');
create trigger class_package_fence before insert or update or delete on class_package
    for each row execute function fence_guard('books');
create trigger slot_fence before insert or update or delete on slot
    for each row execute function fence_guard('books');
create trigger year_document_no_truncate before truncate on year_document
    for each statement execute function fence_no_truncate();
create trigger class_package_no_truncate before truncate on class_package
    for each statement execute function fence_no_truncate();
create trigger slot_no_truncate before truncate on slot
    for each statement execute function fence_no_truncate();

do $$
declare
    v_service text := current_setting('hocba.service_role');
    v_table text;
begin
    foreach v_table in array array['evidence', 'year_document', 'class_package', 'slot', 'approval'] loop
        execute format('alter table %I enable row level security', v_table);
        execute format('alter table %I force row level security', v_table);
        execute format('create policy %I on %I using (school_id = current_setting(''hocba.school'', true))',
            v_table || '_school', v_table);
        execute format('grant select, insert on %I to %I', v_table, v_service);
    end loop;
    execute format('grant update (state, epoch) on year_document to %I', v_service);
    execute format('grant update (state, epoch) on class_package to %I', v_service);
    execute format('grant update (signature, content_digest, signed_by, signed_at, epoch) on slot to %I', v_service);
end $$;
