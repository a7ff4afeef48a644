"""The known defects, one family a file; `verify prove` plants each and sees its gate bite."""
