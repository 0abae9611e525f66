"""What tools need that ask something outside: where and with which secrets; a web service."""
