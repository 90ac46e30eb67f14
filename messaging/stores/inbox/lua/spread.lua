-- Appends entries to inboxes. Answers {epoch, {node …} of each spread, {position …} of each user in turn}.
-- ARGV: epoch, now (ms, or '' for the clock of the shard), how long a push check waits (ms), how many entries an inbox keeps, and how long
-- it lives (seconds); then for every spread: kind, conversation, seq, author ('' sets no push check), how many users, the users.
-- Ids stay strings: they are longer than a number here is exact.
local now, push_delay, kept, lives = ARGV[2], tonumber(ARGV[3]), ARGV[4], ARGV[5]
if now == '' then
  local clock = redis.call('TIME')
  now = string.format('%.0f', clock[1] * 1000 + math.floor(clock[2] / 1000))
end
local place = now .. '-*'

local function append(inbox, kind, conversation, seq)
  local added = redis.pcall('XADD', inbox, 'MAXLEN', '~', kept, place, 'k', kind, 'c', conversation, 's', seq)
  if type(added) == 'table' then -- an error: somebody's clock was ahead of ours; positions only rise
    local last = redis.call('XREVRANGE', inbox, '+', '-', 'COUNT', 1)[1]
    local same = last and string.match(last[1], '^%d+') .. '-*' or place
    added = redis.call('XADD', inbox, 'MAXLEN', '~', kept, same, 'k', kind, 'c', conversation, 's', seq)
  end
  if redis.call('XLEN', inbox) % 16 == 1 then redis.call('EXPIRE', inbox, lives) end -- each time would cost more than the entry
  return added
end

-- The first unseen message decides when to look, the newest what to look for.
local function set_push_checks(users, conversation, seq)
  local due, places, dues, raised = string.format('%.0f', now + push_delay), {}, {}, {}
  for i, user in ipairs(users) do
    places[i] = user .. ':' .. conversation
    dues[2 * i - 1], dues[2 * i] = due, places[i]
  end
  redis.call('ZADD', 'push', 'LT', unpack(dues))
  for i, known in ipairs(redis.call('HMGET', 'push_seq', unpack(places))) do
    if not known or tonumber(known) < tonumber(seq) then
      raised[#raised + 1] = places[i]
      raised[#raised + 1] = seq
    end
  end
  if #raised > 0 then redis.call('HSET', 'push_seq', unpack(raised)) end
end

local named, positions = {}, {}
local i = 6
while i <= #ARGV do
  local kind, conversation, seq, author, count = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], tonumber(ARGV[i + 4])
  local registrations, to_check = {}, {}
  for j = i + 5, i + 4 + count do
    local user = ARGV[j]
    positions[#positions + 1] = append('x:' .. user, kind, conversation, seq)
    registrations[#registrations + 1] = 'r:' .. user
    if author ~= '' and user ~= author then to_check[#to_check + 1] = user end
  end
  if #to_check > 0 then set_push_checks(to_check, conversation, seq) end
  named[#named + 1] = redis.call('SUNION', unpack(registrations))
  i = i + 5 + count
end
return {ARGV[1], named, positions}
