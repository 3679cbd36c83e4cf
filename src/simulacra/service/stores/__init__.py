"""Where objects lie and what wraps their keys: the installation's store, or one of a customer's.

location     what is known of a customer's store: bucket, key, access
access       from static credentials or a role to what AWS's clients take
wrapping     the registry of key services, one module each: aws_kms, key_file
store        one store: its objects, and the wrapping of their keys
directory    finds the store of a dataset, a generation or an object
"""
