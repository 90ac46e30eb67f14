-- How users stand. Answers {moment, standings}.
local standings = {}
for i = 6, #ARGV do standings[#standings + 1] = standing(ARGV[i]) end
return {moment(), standings}
