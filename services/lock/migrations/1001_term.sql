-- Terms, the epochs given out for them, and the installations those epochs went into. An epoch is the key
-- of an installation: the database itself refuses to use one twice (T4).

create table term (
    school_id  text   not null,
    term       text   not null,
    last_epoch bigint not null default 0,
    constraint term_pk primary key (school_id, term),
    constraint term_key check (term ~ '^[0-9]{4}-[0-9]{4}/(marks-semester[12]|books)$'),
    constraint term_last_epoch check (last_epoch >= 0)
);

create table installation (
    school_id       text        not null,
    term            text        not null,
    epoch           bigint      not null,
    mode            text        not null,
    window_end      timestamptz,
    lock_order      text        not null,
    decided_at      timestamptz not null,
    cause           text        not null,
    cause_dossier   text,
    cause_digest    text,
    -- The guards that have not answered: the intent a restart resumes from.
    waiting         text[]      not null,
    sealed_sessions int         not null default 0,
    acknowledged_at timestamptz,
    constraint installation_pk primary key (school_id, term, epoch),
    constraint installation_term foreign key (school_id, term) references term (school_id, term),
    constraint installation_epoch check (epoch >= 1),
    constraint installation_mode check (mode in ('closed', 'window')),
    constraint installation_window check ((mode = 'window') = (window_end is not null)),
    constraint installation_cause check (cause in ('close', 'open_window', 'open_scope', 'window_ended', 'recovery')),
    constraint installation_scope check
        ((cause = 'open_scope') = (cause_dossier is not null and cause_digest is not null)),
    constraint installation_waiting check (waiting <@ array['records', 'archive'])
);

-- One change of a term at a time.
create unique index installation_pending on installation (school_id, term) where cardinality(waiting) > 0;

create table scope (
    school_id    text        not null,
    term         text        not null,
    open_epoch   bigint      not null,
    dossier      text        not null,
    cells_digest text        not null,
    end_at       timestamptz not null,
    fate         text        not null,
    constraint scope_pk primary key (school_id, term, open_epoch),
    constraint scope_term foreign key (school_id, term) references term (school_id, term),
    constraint scope_digest check (cells_digest ~ '^[0-9a-f]{64}$'),
    constraint scope_fate check (fate in ('open', 'used', 'void'))
);

-- Epochs given out only rise and installations are never forgotten, whoever connects.
create function term_monotone() returns trigger
language plpgsql as $$
begin
    if tg_op = 'UPDATE' and new.last_epoch >= old.last_epoch
       and new.school_id = old.school_id and new.term = old.term then
        return new;
    end if;
    raise exception using errcode = 'HB009', message = 'epochs only rise';
end $$;

create trigger term_monotone before update or delete on term
    for each row execute function term_monotone();

create function never() returns trigger
language plpgsql as $$
begin
    raise exception using errcode = 'HB009', message = 'history is not deleted';
end $$;

create trigger installation_kept before delete on installation
    for each row execute function never();
create trigger scope_kept before delete on scope
    for each row execute function never();

-- The terms of all schools in the order of their keys; `p_due` leaves only those with something to do:
-- an intent to resume, or a window that has ended.
create function term_list(p_now timestamptz, p_due boolean)
returns table (out_school text, out_term text)
language sql stable security definer set search_path = public, pg_temp as $$
    select t.school_id, t.term
    from term t
    where not p_due or exists (
        select 1 from installation i
        where i.school_id = t.school_id and i.term = t.term
          and (cardinality(i.waiting) > 0
               or (i.mode = 'window' and i.window_end <= p_now
                   and i.epoch = (select max(j.epoch) from installation j
                                  where j.school_id = t.school_id and j.term = t.term))))
    order by t.school_id, t.term
$$;

alter table term enable row level security;
alter table term force row level security;
alter table installation enable row level security;
alter table installation force row level security;
alter table scope enable row level security;
alter table scope force row level security;
create policy term_school on term using (school_id = current_setting('hocba.school', true));
create policy installation_school on installation using (school_id = current_setting('hocba.school', true));
create policy scope_school on scope using (school_id = current_setting('hocba.school', true));

do $$
declare
    v_service text := current_setting('hocba.service_role');
begin
    execute format('create policy term_owner on term to %I using (true)', current_user);
    execute format('create policy installation_owner on installation to %I using (true)', current_user);
    execute format('grant select, insert, update on term, installation, scope to %I', v_service);
    execute format('revoke execute on function term_list(timestamptz, boolean) from public');
    execute format('grant execute on function term_list(timestamptz, boolean) to %I', v_service);
end $$;
