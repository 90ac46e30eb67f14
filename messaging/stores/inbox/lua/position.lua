-- Positions of new entries: `count` of them that follow each other, higher than all that were given before, also where the clock went back.
-- `now`: ms, or '' for the clock of the shard. Answers the ms and the number of the first.
local function reserve(now, count)
  if now == '' then
    local clock = redis.call('TIME')
    now = string.format('%.0f', clock[1] * 1000 + math.floor(clock[2] / 1000))
  end
  local ms, last = string.match(redis.call('GET', 'position') or '0-0', '^(%d+)-(%d+)$')
  local first = 0
  if tonumber(ms) >= tonumber(now) then now, first = ms, last + 1 end
  redis.call('SET', 'position', now .. '-' .. string.format('%.0f', first + count - 1))
  return now, first
end

-- An inbox that is not there gets a first entry, which says nothing: every cursor is then the position of an entry. Answers its position.
local function begin(inbox, now, lives)
  local ms, number = reserve(now, 1)
  local position = ms .. '-' .. string.format('%.0f', number)
  redis.call('XADD', inbox, position, 'k', '', 'c', 0, 's', 0)
  redis.call('EXPIRE', inbox, lives)
  return position
end

