-- Accounts and how they are activated. Passwords and activation codes are hashed, the second factor's
-- secret is encrypted with the master key (bound to the account's id).

create table account (
    school_id           text        not null,
    id                  uuid        not null,
    authority_id        text,
    email               text        not null,
    display_name        text        not null,
    title               text        not null,
    staff_code          text        not null,
    state               text        not null,
    suspend_cause       text,
    password_hash       text,
    totp_sealed         bytea,
    created_at          timestamptz not null,
    created_by          uuid,
    activated_at        timestamptz,
    last_sign_in_at     timestamptz,
    constraint account_pk primary key (school_id, id),
    constraint account_id_unique unique (id),
    constraint account_email_unique unique (email),
    constraint account_email_lower check (email = lower(email)),
    constraint account_state_known check (state in ('pending', 'active', 'suspended')),
    constraint account_active_complete
        check (state <> 'active' or (password_hash is not null and totp_sealed is not null)),
    constraint account_authority_fk foreign key (authority_id) references authority (id)
);

create table activation_code (
    school_id  text        not null,
    account_id uuid        not null,
    digest     bytea       not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    used_at    timestamptz,
    constraint activation_code_pk primary key (school_id, account_id),
    constraint activation_code_account_fk foreign key (school_id, account_id) references account (school_id, id)
);

alter table account enable row level security;
alter table account force row level security;
create policy account_school on account using (school_id = current_setting('hocba.school', true));
create policy account_owner on account to current_user using (true);
alter table activation_code enable row level security;
alter table activation_code force row level security;
create policy activation_code_school on activation_code using (school_id = current_setting('hocba.school', true));
create policy activation_code_owner on activation_code to current_user using (true);

-- Where an account lives: sign-in knows an e-mail and no school. Tells nothing else.
create function account_find(p_email text, out out_school text, out out_id uuid)
returns setof record language sql stable security definer set search_path = public, pg_temp
as $$ select school_id, id from account where email = p_email $$;

-- Where an account of known id lives.
create function account_locate(p_id uuid) returns text
language sql stable security definer set search_path = public, pg_temp
as $$ select school_id from account where id = p_id $$;

revoke all on function account_find(text), account_locate(uuid) from public;
grant execute on function account_find(text), account_locate(uuid) to hocba_identity;
grant select, insert on account to hocba_identity;
grant update (state, suspend_cause, password_hash, totp_sealed, activated_at, last_sign_in_at)
    on account to hocba_identity;
grant select, insert, update on activation_code to hocba_identity;
