// An operator's connection has no context: the site has no design server to log in to, and his certificate is
// all that the runtime server asks for.
#include "release/operator.h"

Err operator_connect(Cli *cli, RpcClient **ret)
{
	const char *runtime;
	RpcTls tls = {.certificate_file = cli_option(cli, OPT_CERTIFICATE),
	        .key_file = cli_option(cli, OPT_KEY),
	        .ca_file = cli_option(cli, OPT_CA)};

	TRY(cli_need(cli, OPT_RUNTIME, &runtime));
	if (!tls.certificate_file || !tls.key_file || !tls.ca_file)
		return cli_usage(cli,
		        "a runtime server asks for an operator's --certificate and --key; --ca says "
		        "whom to believe that it is the server");
	if (!cli->connected)
		rpc_init();
	cli->connected = true;
	return rpc_client_new(
	        &(RpcClientOptions){
	                .target = runtime, .tls = &tls, .tls_name = cli_option(cli, OPT_SERVER_NAME)},
	        ret);
}
