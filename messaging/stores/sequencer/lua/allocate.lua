-- Numbers drafts. Per draft seven arguments: conversation, id ("sender:client id"), digest, mv, after, flags, note (the message without its numbers).
-- Flags: "" or of "m" (moves the membership version) and "c" (the log was searched for the id). Answers an array per draft; see redis.py.
-- Keys: c:{conversation} hash of counters: n(ext) h(ead) t(ime of the last) v (membership version) r(ev) f(loor) p (last that pushes)
--         g(eneration of ids) gn (ids in it) gt (highest seq before it) ga (when it began)
--       i:{conversation}:{0|1} ids of the present and the last generation → "seq,time,digest"; o:{conversation} notes: seq → "time,mv,message"
--       due: notes by the moment anybody may finish them; note_bytes: of all notes.
-- Everything is read once and written once for each conversation: a call costs more than what it does.
local UNRELEASED, GENERATION, GENERATION_MS, DUE_MS, NOTES_MAX = 256, 1000, 43200000, tonumber(ARGV[2]), 268435456
local COUNTERS_LIVE, IDS_LIVE, IDLE_MS = 172800, 345600, 3600000
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local note_bytes, before = tonumber(redis.call('GET', 'note_bytes') or '0'), 0
local due_at, due = string.format('%.0f', now + DUE_MS), {}
local answers, order, drafts = {}, {}, {}

for i = 3, #ARGV, 7 do
  local conversation = ARGV[i]
  answers[#answers + 1] = {'seed'}
  if not drafts[conversation] then
    drafts[conversation] = {}
    order[#order + 1] = conversation
  end
  local mine = drafts[conversation]
  mine[#mine + 1] = i
end

local function place_of(i) return (i - 3) / 7 + 1 end

local function entries(conversation, generation, ids) return redis.call('HMGET', 'i:' .. conversation .. ':' .. generation % 2, unpack(ids)) end

local function number(conversation)
  local key = 'c:' .. conversation
  local c = redis.call('HMGET', key, 'n', 'h', 't', 'v', 'f', 'g', 'gn', 'gt', 'ga')
  if not c[1] then return end
  local last, head, time, version, floor = tonumber(c[1]), tonumber(c[2]), tonumber(c[3]), c[4], c[5]
  local generation, count, top, began = tonumber(c[6]), tonumber(c[7]), c[8], tonumber(c[9])
  local mine, ids, known, notes, fresh, unsure = drafts[conversation], {}, {}, {}, {}, {}
  for k, i in ipairs(mine) do ids[k] = ARGV[i + 1] end
  local present, past = entries(conversation, generation, ids), entries(conversation, generation + 1, ids)
  for k, id in ipairs(ids) do known[id] = known[id] or present[k] or past[k] end

  local function allocate(i)
    local id, digest, mv, after, flags, note = ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], ARGV[i + 4], ARGV[i + 5], ARGV[i + 6]
    local entry = known[id]
    if entry then
      local seq, sent_at, body = string.match(entry, '^(%d+),(%d+),(.*)$')
      if body ~= digest then return {'clash'} end
      if tonumber(seq) <= head then return {'duplicate', seq, sent_at} end
      return {'pending', seq, notes[seq] or redis.call('HGET', 'o:' .. conversation, seq), head}
    end
    if mv ~= version then return {'members', version} end
    local sender = string.match(id, '^%d+')
    if (tonumber(after) < tonumber(floor) or unsure[sender]) and not string.find(flags, 'c', 1, true) then
      unsure[sender] = true
      return {'check', floor}
    end
    if last - head >= UNRELEASED or note_bytes + before > NOTES_MAX then return {'full'} end
    last, time, count = last + 1, math.max(now, time + 1), count + 1
    if count > GENERATION or now - began > GENERATION_MS then -- the generation before the present one is forgotten
      if #fresh > 0 then redis.call('HSET', 'i:' .. conversation .. ':' .. generation % 2, unpack(fresh)) end
      floor, top, began, count, generation, fresh = top, last - 1, now, 1, generation + 1, {}
      redis.call('DEL', 'i:' .. conversation .. ':' .. generation % 2)
    end
    if string.find(flags, 'm', 1, true) then version = string.format('%.0f', version + 1) end
    local seq, sent_at = string.format('%.0f', last), string.format('%.0f', time)
    note = sent_at .. ',' .. version .. ',' .. note
    known[id] = seq .. ',' .. sent_at .. ',' .. digest
    fresh[#fresh + 1] = id
    fresh[#fresh + 1] = known[id]
    notes[#notes + 1] = seq
    notes[#notes + 1] = note
    notes[seq] = note
    due[#due + 1] = due_at
    due[#due + 1] = conversation .. ':' .. seq
    before = before + #note
    return {'new', seq, sent_at, version, head}
  end

  for _, i in ipairs(mine) do answers[place_of(i)] = allocate(i) end
  if #notes == 0 then return end
  redis.call('HSET', key, 'n', last, 't', string.format('%.0f', time), 'v', version, 'f', floor, 'g', generation, 'gn', count,
    'gt', top, 'ga', began)
  if #fresh > 0 then redis.call('HSET', 'i:' .. conversation .. ':' .. generation % 2, unpack(fresh)) end
  redis.call('HSET', 'o:' .. conversation, unpack(notes))
  -- The counters go first, hours before the rest; what is left of that is removed by the next seed.
  if last % 16 < #notes / 2 or now - tonumber(c[3]) > IDLE_MS then
    redis.call('EXPIRE', key, COUNTERS_LIVE)
    redis.call('EXPIRE', 'i:' .. conversation .. ':0', IDS_LIVE)
    redis.call('EXPIRE', 'i:' .. conversation .. ':1', IDS_LIVE)
  end
end

for _, conversation in ipairs(order) do number(conversation) end
if #due > 0 then
  redis.call('ZADD', 'due', unpack(due))
  redis.call('INCRBY', 'note_bytes', before)
end
return answers
