"""What people use today, as stand-alone scripts with the same pattern of access.

Each is written anew from how the published client behaves: which requests it makes, in which order, how many at
once, and what it does with the answers. Where that client does more, such as building data frames, waiting between
queries or copying, the script does less, so that it is never slower than the original.
"""
