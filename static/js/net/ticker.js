/** A worker that ticks: browsers slow the timers of hidden pages to one a minute, which would miss heartbeats; a worker's they leave alone. */

setInterval(() => postMessage(null), 1000);
