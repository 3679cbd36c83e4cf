"""What people and programs read about this installation, made from one source each.

facts        what is true of this installation: addresses, limits, whom to ask
pages        the pages: Markdown texts of the folder `texts`, with the facts filled in
changes      the changelog as data
rendering    pages as HTML, within one frame
reference    operations and schemas of the contract as text
agents       llms.txt and llms-full.txt, of the pages, the contract and the error catalog
exchange     the form that turns client credentials into a token for the interactive page
site         the routes
"""
