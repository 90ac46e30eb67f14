-- Numbers drafts. Per draft seven arguments: conversation, id ("sender:client id"), digest, mv, after, flags, note (the message without its numbers).
-- Flags: "" or of "m" (moves the membership version) and "c" (the log was searched for the id). Answers an array per draft; see redis.py.
-- Keys: c:{conversation} hash of counters: n(ext) h(ead) t(ime of the last) v (membership version) r(ev) f(loor)
--         g(eneration of ids) gn (ids in it) gt (highest seq before it) ga (when it began)
--       i:{conversation}:{0|1} ids of the present and the last generation → "seq,time,digest"; o:{conversation} notes: seq → "time,mv,message"
--       due: notes by the moment anybody may finish them; note_bytes: of all notes.
local UNRELEASED, GENERATION, GENERATION_MS, DUE_MS, KEPT, NOTES_MAX = 256, 1000, 43200000, tonumber(ARGV[2]), 172800, 268435456
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local answers, unsure = {}, {}

local function known(conversation, id, generation)
  local ids = 'i:' .. conversation .. ':'
  return redis.call('HGET', ids .. generation % 2, id) or redis.call('HGET', ids .. (generation + 1) % 2, id)
end

local function allocate(conversation, id, digest, mv, after, flags, note)
  local key = 'c:' .. conversation
  local c = redis.call('HMGET', key, 'n', 'h', 't', 'v', 'f', 'g', 'gn', 'gt', 'ga')
  if not c[1] then return {'seed'} end
  local last, head, generation = tonumber(c[1]), tonumber(c[2]), tonumber(c[6])
  local entry = known(conversation, id, generation)
  if entry then
    local seq, time, body = string.match(entry, '^(%d+),(%d+),(.*)$')
    if body ~= digest then return {'clash'} end
    if tonumber(seq) <= head then return {'duplicate', seq, time} end
    return {'pending', seq, redis.call('HGET', 'o:' .. conversation, seq), head}
  end
  if mv ~= c[4] then return {'members', c[4]} end
  local sender = conversation .. ':' .. string.match(id, '^%d+')
  if (tonumber(after) < tonumber(c[5]) or unsure[sender]) and not string.find(flags, 'c', 1, true) then
    unsure[sender] = true
    return {'check', c[5]}
  end
  if last - head >= UNRELEASED or tonumber(redis.call('GET', 'note_bytes') or '0') > NOTES_MAX then return {'full'} end
  local seq, time = last + 1, math.max(now, tonumber(c[3]) + 1)
  local count, floor, top, began = tonumber(c[7]) + 1, c[5], c[8], tonumber(c[9])
  if count > GENERATION or now - began > GENERATION_MS then -- the generation before the present one is forgotten
    floor, top, began, count, generation = top, last, now, 1, generation + 1
    redis.call('DEL', 'i:' .. conversation .. ':' .. generation % 2)
  end
  if string.find(flags, 'm', 1, true) then mv = tonumber(mv) + 1 end
  note = time .. ',' .. mv .. ',' .. note
  redis.call('HSET', key, 'n', seq, 't', time, 'v', mv, 'f', floor, 'g', generation, 'gn', count, 'gt', top, 'ga', began)
  redis.call('HSET', 'i:' .. conversation .. ':' .. generation % 2, id, seq .. ',' .. time .. ',' .. digest)
  redis.call('HSET', 'o:' .. conversation, seq, note)
  redis.call('ZADD', 'due', now + DUE_MS, conversation .. ':' .. seq)
  redis.call('INCRBY', 'note_bytes', #note)
  -- The counters go first; what is left of the others is removed by the next seed.
  redis.call('EXPIRE', key, KEPT)
  for _, other in ipairs({'o:' .. conversation, 'i:' .. conversation .. ':0', 'i:' .. conversation .. ':1'}) do
    redis.call('EXPIRE', other, 2 * KEPT)
  end
  return {'new', seq, time, mv, head}
end

for i = 3, #ARGV, 7 do
  answers[#answers + 1] = allocate(ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], ARGV[i + 4], ARGV[i + 5], ARGV[i + 6])
end
return answers
