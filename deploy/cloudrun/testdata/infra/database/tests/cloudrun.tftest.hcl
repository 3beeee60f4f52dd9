# wip
