-- Authorizations, certificates, wrapped keys, ceremonies. Row-level security: a transaction sees its own school.

create table certificate_authorization (
    school_id     text        not null,
    id            uuid        not null,
    account_id    uuid        not null,
    kind          text        not null,
    authorized_by uuid        not null,
    delegation    text,
    authorized_at timestamptz not null,
    -- The certificate it made; an authorization makes one.
    serial        text,
    constraint certificate_authorization_pk primary key (school_id, id),
    constraint certificate_authorization_kind check (kind in ('personal', 'seal'))
);

create table certificate (
    school_id        text        not null,
    serial           text        not null,
    kind             text        not null,
    account_id       uuid        not null,
    title            text        not null,
    der              bytea       not null,
    starts_at        timestamptz not null,
    ends_at          timestamptz not null,
    authorization_id uuid        not null,
    revoked_at       timestamptz,
    revoked_by       uuid,
    revoke_reason    text,
    constraint certificate_pk primary key (school_id, serial),
    constraint certificate_serial unique (serial),
    constraint certificate_authorized foreign key (school_id, authorization_id)
        references certificate_authorization (school_id, id),
    constraint certificate_revoked check (
        (revoked_at is null) = (revoked_by is null) and (revoked_at is null) = (revoke_reason is null))
);
-- One in force for each holder and kind; the clerk's own key and the seal are two.
create unique index certificate_in_force on certificate (school_id, account_id, kind) where revoked_at is null;

-- The key of a certificate, wrapped by the holder's words: no use to who takes the disk.
create table wrapped_key (
    school_id   text        not null,
    serial      text        not null,
    salt        bytea       not null,
    nonce       bytea       not null,
    wrapped     bytea       not null,
    wrong_tries int         not null default 0,
    wrong_since timestamptz,
    constraint wrapped_key_pk primary key (school_id, serial),
    constraint wrapped_key_certificate foreign key (school_id, serial) references certificate (school_id, serial)
);

create table ceremony (
    school_id   text        not null,
    id          uuid        not null,
    target      text        not null,
    slots       text[]      not null,
    signer      uuid        not null,
    digest      text        not null,
    state       text        not null,
    created_at  timestamptz not null,
    finished_at timestamptz,
    constraint ceremony_pk primary key (school_id, id),
    constraint ceremony_state check (state in ('open', 'signing', 'finished'))
);
create index ceremony_signer on ceremony (school_id, signer, id);

create table ceremony_item (
    school_id      text not null,
    ceremony_id    uuid not null,
    position       int  not null,
    slot           text not null,
    document       text not null,
    content_digest text not null,
    state          text not null,
    reason         text not null default '',
    constraint ceremony_item_pk primary key (school_id, ceremony_id, position),
    constraint ceremony_item_document unique (school_id, ceremony_id, document, slot),
    constraint ceremony_item_state check (state in ('pending', 'signed', 'refused')),
    constraint ceremony_item_ceremony foreign key (school_id, ceremony_id) references ceremony (school_id, id)
);

do $$
declare
    v_service text := current_setting('hocba.service_role');
    v_table text;
begin
    foreach v_table in array
        array['certificate_authorization', 'certificate', 'wrapped_key', 'ceremony', 'ceremony_item'] loop
        execute format('alter table %I enable row level security', v_table);
        execute format('alter table %I force row level security', v_table);
        execute format('create policy %I on %I using (school_id = current_setting(''hocba.school'', true))',
            v_table || '_school', v_table);
        execute format('grant select, insert on %I to %I', v_table, v_service);
    end loop;
    execute format('grant update (serial) on certificate_authorization to %I', v_service);
    execute format('grant update (revoked_at, revoked_by, revoke_reason) on certificate to %I', v_service);
    execute format('grant update (wrong_tries, wrong_since) on wrapped_key to %I', v_service);
    execute format('grant update (state, finished_at) on ceremony to %I', v_service);
    execute format('grant update (state, reason) on ceremony_item to %I', v_service);
end $$;
