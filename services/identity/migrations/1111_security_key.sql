-- Security keys (WebAuthn) and the challenges they answered. Public values: nothing here signs. A key is
-- found within its account only, so its id is unique within the school and tells nothing across schools.

create table security_key (
    school_id     text        not null,
    id            uuid        not null,
    account_id    uuid        not null,
    credential_id bytea       not null,
    public_key    bytea       not null,
    sign_count    bigint      not null,
    synced        boolean     not null,
    display_name  text        not null,
    created_at    timestamptz not null,
    last_used_at  timestamptz,
    removed_at    timestamptz,
    constraint security_key_pk primary key (school_id, id),
    constraint security_key_credential_unique unique (school_id, credential_id),
    constraint security_key_credential_length check (octet_length(credential_id) between 16 and 1023),
    constraint security_key_point check (octet_length(public_key) = 65),
    constraint security_key_sign_count check (sign_count between 0 and 4294967295),
    constraint security_key_account_fk foreign key (school_id, account_id) references account (school_id, id)
);
create index security_key_by_account on security_key (school_id, account_id, id);

-- Challenges are not stored when they are given: they carry their end and our keyed digest. One that was
-- answered is remembered, so that its answer counts once.
create table challenge_use (
    school_id  text        not null,
    account_id uuid        not null,
    digest     bytea       not null,
    used_at    timestamptz not null,
    constraint challenge_use_pk primary key (school_id, account_id, digest),
    constraint challenge_use_account_fk foreign key (school_id, account_id) references account (school_id, id)
);

alter table security_key enable row level security;
alter table security_key force row level security;
create policy security_key_school on security_key using (school_id = current_setting('hocba.school', true));
create policy security_key_owner on security_key to current_user using (true);
alter table challenge_use enable row level security;
alter table challenge_use force row level security;
create policy challenge_use_school on challenge_use using (school_id = current_setting('hocba.school', true));
create policy challenge_use_owner on challenge_use to current_user using (true);

grant select, insert on security_key, challenge_use to hocba_identity;
grant update (sign_count, last_used_at, removed_at) on security_key to hocba_identity;
