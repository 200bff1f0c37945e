-- The term fence of a guarded database. The order of steps in here is the whole point:
-- writers take the advisory lock shared and only in a LATER statement read the fence; an installer takes
-- it exclusive, so it has seen every writer in flight end before it changes the fence. plpgsql functions
-- marked volatile take a new snapshot per statement in READ COMMITTED, and only there.

create table term_fence (
    school_id   text        not null,
    term        text        not null,
    epoch       bigint      not null,
    state       text        not null,
    window_end  timestamptz,
    lock_order  text        not null default '',
    -- The transaction that installs: what it seals on the way belongs to the old epoch and passes.
    installing  xid8,
    changed_at  timestamptz not null default clock_timestamp(),
    constraint term_fence_pk primary key (school_id, term),
    constraint term_fence_term check (term ~ '^[0-9]{4}-[0-9]{4}/(marks-semester[12]|books)$'),
    constraint term_fence_state check (state in ('open', 'closed', 'window')),
    constraint term_fence_epoch check (epoch >= 0 and (state <> 'open' or epoch = 0)),
    constraint term_fence_window check ((state = 'window') = (window_end is not null))
);

create table term_scope (
    school_id    text        not null,
    term         text        not null,
    open_epoch   bigint      not null,
    close_epoch  bigint      not null,
    dossier      text        not null,
    cells_digest text        not null,
    end_at       timestamptz not null,
    void         boolean     not null default false,
    used_at      timestamptz,
    used_tx      xid8,
    constraint term_scope_pk primary key (school_id, term, open_epoch),
    constraint term_scope_fence foreign key (school_id, term) references term_fence (school_id, term),
    constraint term_scope_epochs check (close_epoch = open_epoch + 1),
    constraint term_scope_digest check (cells_digest ~ '^[0-9a-f]{64}$')
);

-- Epochs only rise, whoever connects; a fence is never deleted (T4).
create function fence_monotone() returns trigger
language plpgsql as $$
begin
    if tg_op = 'UPDATE' and new.epoch >= old.epoch
       and new.school_id = old.school_id and new.term = old.term then
        return new;
    end if;
    raise exception using errcode = 'HB009', message = 'a fence only rises';
end $$;

create trigger term_fence_monotone before update or delete on term_fence
    for each row execute function fence_monotone();
create trigger term_fence_no_truncate before truncate on term_fence
    for each statement execute function fence_monotone();

-- The key of a term's advisory lock. Two terms with one hash only wait for each other needlessly.
create function fence_key(p_school text, p_term text) returns int
language sql immutable parallel safe as $$ select hashtext(p_school || '/' || p_term) $$;

create function fence_term_marks(p_year text, p_period text) returns text
language sql immutable parallel safe as $$
    select p_year || '/marks-' || case
        when p_period in ('mid1', 'end1', 'semester1') then 'semester1'
        when p_period in ('mid2', 'end2', 'semester2') then 'semester2'
    end
$$;

create function fence_term_books(p_year text) returns text
language sql immutable parallel safe as $$ select p_year || '/books' $$;

-- A snapshot older than the advisory lock would show the fence of before it.
create function fence_isolation() returns void
language plpgsql stable as $$
begin
    if current_setting('transaction_isolation') <> 'read committed' then
        raise exception using errcode = 'HB001', message = 'guarded writes need READ COMMITTED';
    end if;
end $$;

-- The first guarded step of a writer: the epoch to write under, or HB002 when the term is locked.
-- Holds the term open for this transaction, and for no longer than 4 s of silence (less than an installer's patience): a writer that hangs
-- is ended by the database, so that nobody can hold a lock up (T3).
create function fence_check(p_school text, p_term text) returns bigint
language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
    f term_fence%rowtype;
begin
    if p_school is null or p_term is null then
        raise exception using errcode = 'HB010', message = 'a guarded row needs a school and a term';
    end if;
    perform fence_isolation();
    perform set_config('idle_in_transaction_session_timeout', '4s', true);
    perform pg_advisory_xact_lock_shared(1717530211, fence_key(p_school, p_term));
    select * into f from term_fence where school_id = p_school and term = p_term;
    if not found then
        return 0;
    end if;
    if f.state = 'open'
       or (f.state = 'window' and clock_timestamp() < f.window_end)
       or f.installing = pg_current_xact_id_if_assigned() then
        return f.epoch;
    end if;
    raise exception using errcode = 'HB002', message = 'the term is locked',
        detail = p_term, hint = f.epoch::text;
end $$;

-- The first step of a correction in a locked term: uses the dossier's scope, once, and answers the epoch
-- to write under. The fence moves on in the same transaction (A5.2c), so a crash leaves neither half.
create function fence_use_scope(
    p_school text, p_term text, p_dossier text, p_digest text, p_open_epoch bigint
) returns bigint
language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
    s term_scope%rowtype;
begin
    perform school_check(p_school);
    perform fence_isolation();
    perform set_config('idle_in_transaction_session_timeout', '4s', true);
    perform pg_advisory_xact_lock(1717530211, fence_key(p_school, p_term));
    select * into s from term_scope
        where school_id = p_school and term = p_term and open_epoch = p_open_epoch;
    if not found or s.dossier <> p_dossier then
        raise exception using errcode = 'HB003', message = 'no such scope', detail = p_term;
    elsif s.used_at is not null then
        raise exception using errcode = 'HB004', message = 'the scope was used', detail = p_term;
    elsif s.cells_digest <> p_digest then
        raise exception using errcode = 'HB005', message = 'the scope is open for other content', detail = p_term;
    elsif s.void or clock_timestamp() >= s.end_at then
        raise exception using errcode = 'HB006', message = 'the scope has ended', detail = p_term;
    end if;
    update term_scope set used_at = clock_timestamp(), used_tx = pg_current_xact_id()
        where school_id = p_school and term = p_term and open_epoch = p_open_epoch;
    update term_fence set epoch = greatest(epoch, s.close_epoch), changed_at = clock_timestamp()
        where school_id = p_school and term = p_term;
    return s.open_epoch;
end $$;

-- The check again, for every row of a guarded table, whatever path led there and whoever connected:
--   create trigger cell_fence before insert or update or delete on cell
--       for each row execute function fence_guard('marks');
--   create trigger cell_no_truncate before truncate on cell
--       for each statement execute function fence_no_truncate();
-- Arguments: 'marks' or 'books'; the year's column (year_id); the period's or semester's (period). The
-- table has school_id and epoch beside them. A row written without an epoch gets the one in force; one
-- written with another epoch than that is refused (HB007).
create function fence_guard() returns trigger
language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
    v_new   jsonb := case when tg_op <> 'DELETE' then to_jsonb(new) end;
    v_old   jsonb := case when tg_op <> 'INSERT' then to_jsonb(old) end;
    v_year  text  := case when tg_nargs > 1 then tg_argv[1] else 'year_id' end;
    v_part  text  := case when tg_nargs > 2 then tg_argv[2] else 'period' end;
    v_school text;
    v_term  text;
    v_epoch bigint;
begin
    if v_old is not null then
        v_school := v_old ->> 'school_id';
        v_term := fence_term_of(tg_argv[0], v_old ->> v_year, v_old ->> v_part);
        v_epoch := fence_row_epoch(v_school, v_term);
    end if;
    if v_new is null then
        return old;
    end if;
    if v_old is null or v_school <> v_new ->> 'school_id'
       or v_term <> fence_term_of(tg_argv[0], v_new ->> v_year, v_new ->> v_part) then
        v_term := fence_term_of(tg_argv[0], v_new ->> v_year, v_new ->> v_part);
        v_epoch := fence_row_epoch(v_new ->> 'school_id', v_term);
    end if;
    if new.epoch is null or (tg_op = 'UPDATE' and new.epoch = (v_old ->> 'epoch')::bigint) then
        new.epoch := v_epoch;
    elsif new.epoch <> v_epoch then
        raise exception using errcode = 'HB007', message = 'the row is of another epoch',
            detail = v_term, hint = v_epoch::text;
    end if;
    return new;
end $$;

create function fence_term_of(p_kind text, p_year text, p_part text) returns text
language sql immutable as $$
    select case p_kind when 'marks' then fence_term_marks(p_year, p_part)
                       when 'books' then fence_term_books(p_year) end
$$;

-- The epoch a row may be written under: a scope used by this very transaction comes first.
create function fence_row_epoch(p_school text, p_term text) returns bigint
language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
    v_epoch bigint;
begin
    perform fence_isolation();
    select open_epoch into v_epoch from term_scope
        where school_id = p_school and term = p_term
          and used_tx = pg_current_xact_id_if_assigned();
    if found then
        return v_epoch;
    end if;
    return fence_check(p_school, p_term);
end $$;

create function fence_no_truncate() returns trigger
language plpgsql as $$
begin
    raise exception using errcode = 'HB008', message = 'a guarded table is never truncated';
end $$;

-- First half of an installation: drains the writers, and answers what stands. When the given epoch is
-- higher, the rest of this transaction may still seal under the old one.
create function fence_install_begin(p_school text, p_term text, p_epoch bigint, p_patience interval)
returns table (out_epoch bigint, out_state text, out_proceed boolean)
language plpgsql volatile security definer set search_path = public, pg_temp as $$
begin
    perform school_check(p_school);
    perform fence_isolation();
    perform set_config('idle_in_transaction_session_timeout', '4s', true);
    perform set_config('lock_timeout', extract(milliseconds from p_patience)::int::text, true);
    perform pg_advisory_xact_lock(1717530211, fence_key(p_school, p_term));
    perform set_config('lock_timeout', '0', true);
    insert into term_fence (school_id, term, epoch, state) values (p_school, p_term, 0, 'open')
        on conflict do nothing;
    update term_fence f set installing = pg_current_xact_id()
        where f.school_id = p_school and f.term = p_term and f.epoch < p_epoch;
    return query select f.epoch, f.state,
            f.epoch < p_epoch
        from term_fence f where f.school_id = p_school and f.term = p_term;
end $$;

-- Second half: replaces the fence by the given one. Scopes are given as parallel arrays; a scope that is
-- not among them and not used becomes void.
create function fence_install_finish(
    p_school text, p_term text, p_epoch bigint, p_state text, p_window_end timestamptz, p_lock_order text,
    p_open_epochs bigint[], p_dossiers text[], p_digests text[], p_ends timestamptz[]
) returns void
language plpgsql volatile security definer set search_path = public, pg_temp as $$
begin
    perform school_check(p_school);
    update term_fence set epoch = p_epoch, state = p_state, window_end = p_window_end,
            lock_order = p_lock_order, installing = null, changed_at = clock_timestamp()
        where school_id = p_school and term = p_term
          and epoch < p_epoch and installing = pg_current_xact_id();
    if not found then
        raise exception using errcode = 'HB009', message = 'a fence is installed in two halves of one transaction';
    end if;
    update term_scope set void = true
        where school_id = p_school and term = p_term and used_at is null and not void
          and open_epoch <> all (p_open_epochs);
    insert into term_scope (school_id, term, open_epoch, close_epoch, dossier, cells_digest, end_at)
        select p_school, p_term, s.open_epoch, s.open_epoch + 1, s.dossier, s.digest, s.end_at
        from unnest(p_open_epochs, p_dossiers, p_digests, p_ends) as s (open_epoch, dossier, digest, end_at)
        on conflict do nothing;
end $$;

-- All fences over all schools, for lock's start.
create function fence_list(p_after_school text, p_after_term text, p_limit int)
returns table (
    out_school text, out_term text, out_epoch bigint, out_state text, out_window_end timestamptz,
    out_lock_order text, out_scopes jsonb
)
language sql stable security definer set search_path = public, pg_temp as $$
    select f.school_id, f.term, f.epoch, f.state, f.window_end, f.lock_order,
        coalesce((
            select jsonb_agg(jsonb_build_object(
                'dossier', s.dossier, 'cells_digest', s.cells_digest, 'open_epoch', s.open_epoch,
                'end_at', extract(epoch from s.end_at)) order by s.open_epoch)
            from term_scope s
            where s.school_id = f.school_id and s.term = f.term and s.used_at is null and not s.void
        ), '[]'::jsonb)
    from term_fence f
    where (f.school_id, f.term) > (p_after_school, p_after_term) and f.state <> 'open'
    order by f.school_id, f.term
    limit p_limit
$$;

alter table term_fence enable row level security;
alter table term_fence force row level security;
alter table term_scope enable row level security;
alter table term_scope force row level security;
create policy term_fence_school on term_fence
    for select using (school_id = current_setting('hocba.school', true));
create policy term_scope_school on term_scope
    for select using (school_id = current_setting('hocba.school', true));

do $$
declare
    v_service text := current_setting('hocba.service_role');
    v_function text;
begin
    -- The functions run as the owner, over all schools; nobody can sign in as the owner.
    execute format('create policy term_fence_owner on term_fence to %I using (true) with check (true)', current_user);
    execute format('create policy term_scope_owner on term_scope to %I using (true) with check (true)', current_user);
    execute format('grant select on term_fence, term_scope to %I', v_service);
    foreach v_function in array array[
        'fence_check(text, text)',
        'fence_use_scope(text, text, text, text, bigint)',
        'fence_row_epoch(text, text)',
        'fence_install_begin(text, text, bigint, interval)',
        'fence_install_finish(text, text, bigint, text, timestamptz, text, bigint[], text[], text[], timestamptz[])',
        'fence_list(text, text, int)'
    ] loop
        execute format('revoke execute on function %s from public', v_function);
        execute format('grant execute on function %s to %I', v_function, v_service);
    end loop;
end $$;
