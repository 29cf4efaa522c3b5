"""``python -m dfa_utils`` prints what a report of a problem needs."""

from dfa_utils.chapter.environment import describe_environment

if __name__ == "__main__":
    print(describe_environment())
